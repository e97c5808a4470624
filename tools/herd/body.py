"""Quadruped bodies: tubes of ellipsoids, united smoothly, meshed, and bound to the skeleton that the tubes define.

Rest frame, metres: x forward, y to the animal's left, z up, the ground at z = 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage, sparse
from scipy.interpolate import PchipInterpolator
from skimage.measure import marching_cubes

SKIN, HORN, EYE = 0, 1, 2
STEP = 1e-4  # metres, to which rest positions are rounded, so that what is stored is what is rendered


@dataclass(frozen=True)
class Tube:
    """A chain of ellipsoids.

    stations: rows of x, y, z, in-plane radius, lateral radius, bone. A bone's joint is its first
    station. parent: the bone from which the first bone hangs. blend: metres over which the tube melts into the body.
    step: metres between ellipsoids.
    """

    stations: tuple[tuple[float, float, float, float, float, str], ...]
    parent: str | None
    blend: float = 0.05
    step: float = 0.012

    def mirrored(self) -> Tube:
        """The same tube on the right side; bones' prefix L becomes R."""
        flip = {"L": "R"}
        rows = tuple((x, -y, z, r, s, flip.get(bone[0], bone[0]) + bone[1:]) for x, y, z, r, s, bone in self.stations)
        parent = None if self.parent is None else flip.get(self.parent[0], self.parent[0]) + self.parent[1:]
        return replace(self, stations=rows, parent=parent)

    def samples(self) -> tuple[np.ndarray, np.ndarray]:
        """Dense ellipsoids (S, 5) x, y, z, radius, lateral radius, and the station that each follows (S,)."""
        table = np.array([row[:5] for row in self.stations])
        knots = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(table[:, :3], axis=0), axis=1))])
        t = np.linspace(0, knots[-1], max(2, int(knots[-1] / self.step) + 1))
        return PchipInterpolator(knots, table)(t), np.searchsorted(knots, t, side="right").clip(1, len(knots) - 1) - 1


@dataclass(frozen=True)
class Horn:
    """A hard curved cone on a bone. path: rows of x, y, z, radius. kind: HORN or EYE."""

    path: tuple[tuple[float, float, float, float], ...]
    bone: str
    kind: int = HORN
    twist: float = 0.0


@dataclass(frozen=True)
class Plan:
    """What a body is made of."""

    tubes: tuple[Tube, ...]
    horns: tuple[Horn, ...] = ()
    cell: float = 0.017


@dataclass(frozen=True)
class Skeleton:
    """Bones in an order in which parents come first. joints: (B, 3) rest positions. parents: (B,) -1 for the root."""

    names: tuple[str, ...]
    joints: np.ndarray
    parents: np.ndarray

    def index(self, name: str) -> int:
        return self.names.index(name)


@dataclass(frozen=True)
class Body:
    """A mesh bound to a skeleton.

    vertices: (V, 3) float64 rest positions. faces: (F, 3) int, counter-clockwise seen from outside. bones, weights:
    (V, 3), the three bones that move a vertex and how much. part: (V,) SKIN, HORN or EYE. openness: (V,) 0 to 1,
    how much sky a vertex sees past the body itself.
    """

    skeleton: Skeleton
    vertices: np.ndarray
    faces: np.ndarray
    bones: np.ndarray
    weights: np.ndarray
    part: np.ndarray
    openness: np.ndarray


def build_body(plan: Plan) -> Body:
    """Mesh a plan and bind it to its skeleton."""
    skeleton = _skeleton(plan)
    field, label, origin = _distance_field(plan, skeleton)
    vertices, faces, _, _ = marching_cubes(field, 0.0, spacing=(plan.cell,) * 3)
    vertices = vertices.astype(float) + origin
    faces = _largest_piece(vertices, faces)
    vertices, faces = _compact(vertices, faces)
    cells = tuple(((vertices - origin) / plan.cell).T)
    bone = label[tuple(np.rint(np.array(cells)).astype(int))]
    weights = _smooth_weights(bone, faces, vertices, skeleton)
    openness = _openness(field, origin, plan.cell, vertices, faces)
    return _with_horns(plan, skeleton, vertices, faces, weights, openness)


def vertex_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Unit normals (V, 3), the mean of the faces around, by area; they point out."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    face_normals = np.cross(b - a, c - a)
    flat = faces.T.ravel()
    summed = np.stack([np.bincount(flat, np.tile(face_normals[:, i], 3), len(vertices)) for i in range(3)], 1)
    return summed / np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), 1e-12)


def adjacency(faces: np.ndarray, count: int) -> sparse.csr_matrix:
    """Which vertices share an edge: (count, count) sparse 0/1."""
    i = faces[:, [0, 1, 2, 1, 2, 0]].ravel()
    j = faces[:, [1, 2, 0, 0, 1, 2]].ravel()
    matrix = sparse.csr_matrix((np.ones(len(i)), (i, j)), shape=(count, count))
    matrix.data[:] = 1
    return matrix


def _skeleton(plan: Plan) -> Skeleton:
    names: list[str] = []
    joints: list[np.ndarray] = []
    parents: list[int] = []
    for tube in plan.tubes:
        previous = tube.parent
        for *row, bone in tube.stations:
            if bone not in names:
                parents.append(-1 if previous is None else names.index(previous))
                names.append(bone)
                joints.append(np.array(row[:3]))
            previous = bone
    return Skeleton(tuple(names), np.array(joints), np.array(parents))


def _distance_field(plan: Plan, skeleton: Skeleton) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Signed distance (X, Y, Z) to what lies above the ground, the bone nearest to each cell, and the grid's origin."""
    rows = np.concatenate([tube.samples()[0] for tube in plan.tubes])
    reach = rows[:, 3:5].max(1, keepdims=True) + 0.06
    low, high = (rows[:, :3] - reach).min(0), (rows[:, :3] + reach).max(0)
    shape = tuple(np.ceil((high - low) / plan.cell).astype(int) + 1)
    field = np.full(shape, 1.0, np.float32)
    nearest = np.full(shape, 1.0, np.float32)
    label = np.zeros(shape, np.int16)
    for tube in plan.tubes:
        distance, bone = _tube_field(tube, skeleton, low, shape, plan.cell)
        closer = distance < nearest
        label[closer] = bone[closer]
        nearest = np.minimum(nearest, distance)
        field = _smooth_min(field, distance, tube.blend)
    height = low[2] + plan.cell * np.arange(shape[2], dtype=np.float32)
    return ndimage.gaussian_filter(np.maximum(field, -height), 0.55), label, low


def _tube_field(tube: Tube, skeleton: Skeleton, low: np.ndarray, shape: tuple[int, ...], cell: float):
    field = np.full(shape, 1.0, np.float32)
    bone = np.zeros(shape, np.int16)
    samples, follows = tube.samples()
    for row, station in zip(samples, follows, strict=True):
        centre, radii = row[:3], np.array([row[3], row[4], row[3]])
        start = np.maximum(np.floor((centre - radii - 0.1 - low) / cell).astype(int), 0)
        stop = np.minimum(np.ceil((centre + radii + 0.1 - low) / cell).astype(int) + 1, shape)
        box = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
        axes = [(low[i] + cell * np.arange(start[i], stop[i]) - centre[i]).astype(np.float32) for i in range(3)]
        d = _ellipsoid(axes, radii)
        part = field[box]
        closer = d < part
        part[closer] = d[closer]
        bone[box][closer] = skeleton.index(tube.stations[station][5])
    return field, bone


def _ellipsoid(axes: list[np.ndarray], radii: np.ndarray) -> np.ndarray:
    """Distance to an ellipsoid, first order: |p/r| (|p/r| - 1) / |p/r^2|."""
    x, y, z = np.ix_(*axes)
    rx, ry, rz = radii
    k0 = np.sqrt((x / rx) ** 2 + (y / ry) ** 2 + (z / rz) ** 2)
    k1 = np.sqrt((x / rx**2) ** 2 + (y / ry**2) ** 2 + (z / rz**2) ** 2)
    return k0 * (k0 - 1) / np.maximum(k1, 1e-6)


def _smooth_min(a: np.ndarray, b: np.ndarray, k: float) -> np.ndarray:
    h = np.maximum(k - np.abs(a - b), 0) / k
    return np.minimum(a, b) - h * h * (k / 4)


def _largest_piece(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    _, piece = sparse.csgraph.connected_components(adjacency(faces, len(vertices)), directed=False)
    return faces[piece[faces[:, 0]] == np.bincount(piece).argmax()]


def _compact(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    used, inverse = np.unique(faces, return_inverse=True)
    return vertices[used], inverse.reshape(faces.shape)


def _smooth_weights(bone: np.ndarray, faces: np.ndarray, vertices: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Hard labels diffused over the surface, further on trunk and neck than on the legs: (V, B)."""
    weights = np.eye(len(skeleton.names))[bone]
    graph = adjacency(faces, len(vertices))
    mean = sparse.diags(1 / np.asarray(graph.sum(1)).ravel()) @ graph
    trunk = np.isin(bone, [i for i, name in enumerate(skeleton.names) if name[0] == "T"])
    wide = 0.8 * np.clip(_repeat(mean, trunk.astype(float), 12), 0, 1)[:, None]
    for _ in range(26):
        weights += wide * (mean @ weights - weights)
    return _repeat(mean, weights, 9)


def _repeat(mean: sparse.csr_matrix, values: np.ndarray, times: int) -> np.ndarray:
    for _ in range(times):
        values = 0.3 * values + 0.7 * (mean @ values)
    return values


def _openness(field, origin, cell, vertices, faces) -> np.ndarray:
    """Distance to the body a step away along the normal, over the step: small in folds and between the legs."""
    normals = -vertex_normals(vertices, faces)
    if (normals * (vertices - vertices.mean(0))).sum() < 0:
        normals = -normals
    total = np.zeros(len(vertices))
    for step in (0.03, 0.07, 0.14):
        at = (vertices + step * normals - origin) / cell
        total += np.clip(ndimage.map_coordinates(field, at.T, order=1, mode="nearest") / step, 0, 1)
    return total / 3


def _with_horns(plan, skeleton, vertices, faces, weights, openness) -> Body:
    order = np.argsort(-weights, axis=1)[:, :3]
    top = np.take_along_axis(weights, order, 1)
    all_vertices, all_faces = [vertices], [_outward(vertices, faces)]
    bones, tops = [order], [top / top.sum(1, keepdims=True)]
    part, opens = [np.zeros(len(vertices), int)], [openness]
    for horn in plan.horns:
        points, triangles = _horn_mesh(horn)
        all_faces.append(_outward(points, triangles) + sum(map(len, all_vertices)))
        all_vertices.append(points)
        bones.append(np.full((len(points), 3), skeleton.index(horn.bone)))
        tops.append(np.tile([1.0, 0.0, 0.0], (len(points), 1)))
        part.append(np.full(len(points), horn.kind))
        opens.append(np.ones(len(points)))
    join = np.concatenate
    low = join(all_vertices).min(0)
    points = low + STEP * np.rint((join(all_vertices) - low) / STEP)
    return Body(skeleton, points, join(all_faces), join(bones), _quantised(join(tops)), join(part), join(opens))


def _quantised(weights: np.ndarray) -> np.ndarray:
    """Weights (V, 3) in steps of 1/255 that sum to 1."""
    steps = np.rint(255 * weights)
    steps[:, 0] = 255 - steps[:, 1:].sum(1)
    return steps / 255


def _outward(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Faces wound so that their normals point out: the enclosed volume is positive."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    volume = np.einsum("ij,ij->i", a - vertices.mean(0), np.cross(b - a, c - a)).sum()
    return faces if volume > 0 else faces[:, ::-1]


def _horn_mesh(horn: Horn, around: int = 10) -> tuple[np.ndarray, np.ndarray]:
    table = np.array(horn.path)
    knots = np.linspace(0, 1, len(table))
    rows = PchipInterpolator(knots, table)(np.linspace(0, 1, 6 * len(table)))
    tangent = np.gradient(rows[:, :3], axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    side = np.cross(tangent, [0.31, 0.9, 0.3])
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(side, tangent)
    angle = 2 * np.pi * np.arange(around) / around
    turn = angle[None] + horn.twist * np.linspace(0, 1, len(rows))[:, None]
    radius = rows[:, 3, None] * (1 + (0.22 * np.cos(2 * angle) if horn.twist else 0))
    ring = radius[..., None] * (np.cos(turn)[..., None] * side[:, None] + np.sin(turn)[..., None] * up[:, None])
    points = np.concatenate([(rows[:, None, :3] + ring).reshape(-1, 3), rows[[0, -1], :3]])
    return points, _tube_faces(len(rows), around)


def _tube_faces(rows: int, around: int) -> np.ndarray:
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(around), indexing="ij")
    a, b = i * around + j, i * around + (j + 1) % around
    quads = np.stack([a, b, a + around, b, b + around, a + around], -1).reshape(-1, 3)
    ring, last = np.arange(around), rows * around
    bottom = np.stack([np.full(around, last), (ring + 1) % around, ring], -1)
    top = np.stack([np.full(around, last + 1), last - around + ring, last - around + (ring + 1) % around], -1)
    return np.concatenate([quads, bottom, top])
