"""Coats: the colour of each point of an animal's skin, the identity of an individual.

A coat is evaluated at rest positions, so it moves with the skin and has no seams. `twin` gives a coat that differs in a
few marks, and the balls (M, 4) x, y, z, radius in the rest frame outside of which both coats are the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from tools.herd.body import EYE, HORN, Body, vertex_normals
from tools.herd.noise import Noise, mix, smoothstep
from tools.herd.turing import FineMesh, comb, grow, kernel


@dataclass(frozen=True)
class Surface:
    """N points on a body. rest, normal: (N, 3) in the rest frame. face: (N,). weights: (N, 3) barycentric."""

    body: Body
    rest: np.ndarray
    normal: np.ndarray
    face: np.ndarray
    weights: np.ndarray

    def of(self, values: np.ndarray) -> np.ndarray:
        """A per-vertex quantity (V, …) at the points."""
        return np.einsum("nk,nk...->n...", self.weights, values[self.body.faces[self.face]])

    def region(self, *prefixes: str) -> np.ndarray:
        """(N,) 0 to 1, how much a point belongs to the bones with these prefixes (a leading * stands for L and R)."""
        return self.of(region(self.body, *prefixes))

    @property
    def part(self) -> np.ndarray:
        return self.body.part[self.body.faces[self.face, 0]]


class Coat(Protocol):
    """The skin of one individual."""

    def colour(self, surface: Surface) -> np.ndarray:
        """sRGB (N, 3), 0 to 1."""

    def twin(self, rng: np.random.Generator) -> tuple[Coat, np.ndarray]:
        """A coat with a few other marks, and balls (M, 4) around them."""


def region(body: Body, *prefixes: str) -> np.ndarray:
    """(V,) how much a vertex belongs to the bones with these prefixes (a leading * stands for L and R)."""
    names = tuple(side + p[1:] for p in prefixes for side in ("LR" if p[0] == "*" else p[0]))
    chosen = np.array([name.startswith(names) for name in body.skeleton.names])
    return (body.weights * chosen[body.bones]).sum(1)


def sprinkle(body: Body, spacing: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Vertices no two of which are nearer than the spacing (V,) at the first chosen of them, in random order."""
    tree = cKDTree(body.vertices)
    free = spacing > 0
    chosen = []
    for i in rng.permutation(len(spacing)):
        if free[i]:
            chosen.append(i)
            free[tree.query_ball_point(body.vertices[i], spacing[i])] = False
    return np.array(chosen)


def flank_points(points: np.ndarray, body: Body, rng: np.random.Generator, per_side: int, gap: float) -> np.ndarray:
    """Indices of points on shoulder, trunk and haunch, some of each side, far from each other."""
    low, high = (body.skeleton.joints[body.skeleton.index(name)] for name in ("Tpelvis", "Tchest"))
    length = high[0] - low[0]
    inside = (points[:, 0] > low[0] + 0.12 * length) & (points[:, 0] < high[0] + 0.25 * length)
    inside &= np.abs(points[:, 2] - (low[2] + high[2]) / 2) < 0.18 * length
    chosen: list[int] = []
    for side in (1, -1):
        candidates = rng.permutation(np.flatnonzero(inside & (side * points[:, 1] > 0.12 * length)))
        mine: list[int] = []
        for i in candidates:
            if len(mine) < per_side and all(np.linalg.norm(points[i] - points[j]) > gap for j in mine):
                mine.append(int(i))
        chosen += mine
    return np.array(chosen)


def finish(
    colour: np.ndarray, surface: Surface, noise: Noise, horn=(0.2, 0.2, 0.2), iris=(0.10, 0.06, 0.04)
) -> np.ndarray:
    """Fur, horns and eyes over a coat's colours. horn, iris: sRGB."""
    legs = surface.region("*f", "*h", "*g", "Head")[:, None]
    flow = np.where(legs > 0.5, [110.0, 110.0, 35.0], [35.0, 110.0, 110.0])
    fur = noise(surface.rest * flow, 2)
    patchy = surface.of(noise(surface.body.vertices * 9, 3))
    colour = colour * (1 + 0.10 * fur + 0.07 * patchy)[:, None]
    hard = surface.part == HORN
    colour[hard] = np.array(horn) * (1 + 0.25 * noise(surface.rest[hard] * [3, 3, 60]))[:, None]
    return np.clip(np.where((surface.part == EYE)[:, None], _eyeball(surface, iris), colour), 0.01, 1)


def _eyeball(surface: Surface, iris: tuple[float, float, float]) -> np.ndarray:
    """Pupil, iris and dark rim, looking sideways and a little ahead."""
    gaze = np.array([0.45, 0.88, 0.10]) / np.linalg.norm([0.45, 0.88, 0.10])
    ahead = (surface.normal * np.where(surface.rest[:, 1:2] > 0, 1, [1, -1, 1])) @ gaze
    dark = np.array([0.04, 0.03, 0.025])
    return mix(mix(dark, np.array(iris), smoothstep(0.62, 0.74, ahead)), dark, smoothstep(0.86, 0.92, ahead))


def tint(colour: tuple[float, float, float], rng: np.random.Generator, amount: float = 0.05) -> np.ndarray:
    """An individual's tone of a species' colour."""
    brighter = 1 + amount * rng.standard_normal()
    return np.clip(np.array(colour) * brighter * (1 + 0.4 * amount * rng.standard_normal(3)), 0, 1)


def near(surface: Surface, point: tuple[float, float, float], inner: float, outer: float) -> np.ndarray:
    """1 within inner of a point (of both sides), 0 beyond outer."""
    folded = surface.rest * [1, 0, 1] + (np.abs(surface.rest) if point[1] else surface.rest) * [0, 1, 0]
    return smoothstep(outer, inner, np.linalg.norm(folded - point, axis=1))


# --- stripes of a zebra ------------------------------------------------------------------------


@dataclass(frozen=True)
class StripeLoom:
    """What all zebras share: a fine mesh and the operators that grow stripes on it."""

    body: Body
    mesh: FineMesh
    spread: sparse.csr_matrix
    along: sparse.csr_matrix

    @classmethod
    def of(cls, body: Body) -> StripeLoom:
        mesh = FineMesh.of(body.vertices, body.faces)
        tensor = _on_points(mesh, _across(body)).reshape(-1, 3, 3)
        scale = _on_points(mesh, _stripe_scale(body))
        return cls(body, mesh, kernel(mesh.points, 0.0086 * scale), comb(mesh, tensor))


def _on_points(mesh: FineMesh, values: np.ndarray) -> np.ndarray:
    """Per-vertex values carried to the fine mesh's points."""
    flat = values.reshape(len(values), -1)
    out = np.zeros((len(mesh.points), flat.shape[1]))
    out[: len(flat)] = flat
    a, b, c = mesh.faces.T
    for column, (i, j) in enumerate(((a, b), (b, c), (c, a))):
        out[mesh.middle[:, column]] = (flat[i] + flat[j]) / 2
    return out.squeeze()


def _across(body: Body) -> np.ndarray:
    """(V, 3, 3) tensors of the direction in which stripes follow each other."""
    total = np.zeros((len(body.vertices), 3, 3))
    for i, name in enumerate(body.skeleton.names):
        if name.startswith("Tneck"):
            direction = np.array([0.72, 0, 0.69])
        elif name == "Head":
            direction = np.array([0.62, 0, -0.78])
        elif name.startswith(("Tloin", "Tchest")):
            direction = np.array([1.0, 0, 0.0])
        elif name == "Tpelvis":
            direction = np.array([0.80, 0, 0.60])
        elif name.endswith("thigh"):
            direction = np.array([0.42, 0, 0.91])
        elif name.endswith("shoulder"):
            direction = np.array([0.85, 0, 0.52])
        else:
            direction = np.array([0.12, 0, 0.99])
        direction = direction / np.linalg.norm(direction)
        weight = (body.weights * (body.bones == i)).sum(1)
        total += weight[:, None, None] * np.outer(direction, direction)
    return total


def _stripe_scale(body: Body) -> np.ndarray:
    scale = 1.0 + 0.45 * region(body, "Tpelvis", "*thigh") + 0.05 * region(body, "Tneck", "Tloin")
    scale -= 0.42 * region(body, "Head", "*ear") + 0.28 * region(body, "*g", "*forearm")
    scale -= 0.40 * region(body, "*hc", "*fc", "*hh", "*fh")
    return np.clip(scale, 0.5, 1.6)


@dataclass(frozen=True)
class Zebra:
    """Stripes grown along the body."""

    loom: StripeLoom
    field: np.ndarray
    noise: Noise
    dark: np.ndarray
    light: np.ndarray
    width: float

    @classmethod
    def born(cls, loom: StripeLoom, rng: np.random.Generator) -> Zebra:
        start = rng.standard_normal(len(loom.mesh.points))
        field = grow(loom.spread, start, 0.0, 60, along=loom.along)
        light = tint((0.88, 0.83, 0.74), rng, 0.03)
        return cls(loom, field, Noise(rng), tint((0.10, 0.085, 0.08), rng, 0.1), light, rng.uniform(-0.12, 0.16))

    def colour(self, surface: Surface) -> np.ndarray:
        field = self.loom.mesh.at(self.field, surface.face, surface.weights)
        field = field + 0.10 * self.noise(surface.rest * 45, 2)
        belly = smoothstep(-0.75, -0.95, surface.normal[:, 2]) * surface.region("Tl", "Tc", "Tp")
        stripe = smoothstep(-0.10, 0.10, field + self.width - 1.3 * belly)
        dusk = 0.25 * surface.region("Tpelvis", "*thigh") * smoothstep(-0.2, -0.8, field)
        light = mix(self.light, [0.62, 0.50, 0.38], dusk)
        colour = mix(light, self.dark, stripe)
        muzzle = near(surface, (1.16, 0, 1.25), 0.075, 0.125)
        colour = mix(colour, [0.11, 0.09, 0.085], muzzle)
        colour = mix(colour, [0.17, 0.15, 0.14], near(surface, (1.19, 0.030, 1.262), 0.022, 0.036))
        colour = mix(colour, [0.02, 0.02, 0.02], near(surface, (1.19, 0.040, 1.262), 0.013, 0.019))
        hoof = smoothstep(0.075, 0.06, surface.rest[:, 2])
        colour = mix(colour, [0.10, 0.09, 0.08], hoof)
        tuft = smoothstep(0.80, 0.68, surface.rest[:, 2]) * surface.region("Ttail")
        return finish(mix(colour, [0.08, 0.07, 0.065], tuft), surface, self.noise)

    def twin(self, rng: np.random.Generator) -> tuple[Zebra, np.ndarray]:
        points, radius = self.loom.mesh.points, 0.10
        marks = points[flank_points(points, self.loom.body, rng, 2, 0.35)]
        free = (np.linalg.norm(points[:, None] - marks[None], axis=2) < radius).any(1)
        start = np.where(free, -self.field + 0.3 * rng.standard_normal(len(points)), self.field)
        field = grow(self.loom.spread, start, 0.0, 12, free, self.loom.along)
        return replace(self, field=field), np.column_stack([marks, np.full(len(marks), radius + 0.012)])


# --- blotches of a cheetah ---------------------------------------------------------------------


@dataclass(frozen=True)
class BlotchLoom:
    """What all cheetahs share."""

    body: Body
    mesh: FineMesh
    spread: sparse.csr_matrix

    @classmethod
    def of(cls, body: Body) -> BlotchLoom:
        mesh = FineMesh.of(body.vertices, body.faces)
        scale = 1.0 - 0.38 * region(body, "Head", "*ear", "*f", "*h") - 0.2 * region(body, "*g", "Tneck", "Ttail")
        return cls(body, mesh, kernel(mesh.points, 0.0064 * _on_points(mesh, scale)))


@dataclass(frozen=True)
class Cheetah:
    """Spots that grow into blotches in some individuals."""

    loom: BlotchLoom
    field: np.ndarray
    bias: float
    noise: Noise
    ground: np.ndarray
    dark: np.ndarray

    @classmethod
    def born(cls, loom: BlotchLoom, rng: np.random.Generator) -> Cheetah:
        bias = -rng.choice([0.45, 0.75, 1.0, 1.15])
        field = grow(loom.spread, rng.standard_normal(len(loom.mesh.points)), bias, 70)
        return cls(loom, field, bias, Noise(rng), tint((0.83, 0.67, 0.44), rng, 0.04), tint((0.11, 0.08, 0.06), rng))

    def colour(self, surface: Surface) -> np.ndarray:
        field = self.loom.mesh.at(self.field, surface.face, surface.weights) + 0.09 * self.noise(surface.rest * 60, 2)
        colour = _cat_ground(surface, self.ground)
        belly = smoothstep(-0.65, -0.95, surface.normal[:, 2])
        face = near(surface, (0.66, 0, 0.84), 0.05, 0.09)
        colour = mix(colour, self.dark, smoothstep(-0.12, 0.10, field - 0.9 * belly - 1.2 * face))
        colour = mix(_cat_face(colour, surface), self.dark, _tear(surface))
        return finish(colour, surface, self.noise, iris=(0.78, 0.50, 0.16))

    def twin(self, rng: np.random.Generator) -> tuple[Cheetah, np.ndarray]:
        points, radius = self.loom.mesh.points, 0.065
        marks = points[flank_points(points, self.loom.body, rng, 2, 0.22)]
        free = (np.linalg.norm(points[:, None] - marks[None], axis=2) < radius).any(1)
        start = np.where(free, -self.field + 0.3 * rng.standard_normal(len(points)), self.field)
        field = grow(self.loom.spread, start, self.bias, 12, free)
        return replace(self, field=field), np.column_stack([marks, np.full(len(marks), radius + 0.009)])


# --- rosettes of a leopard ---------------------------------------------------------------------


@dataclass(frozen=True)
class Leopard:
    """Broken rings of blots around seeds; solid spots on head and legs."""

    body: Body
    seeds: np.ndarray
    radii: np.ndarray
    blots: np.ndarray
    sizes: np.ndarray
    owner: np.ndarray
    noise: Noise
    ground: np.ndarray
    dark: np.ndarray

    @classmethod
    def born(cls, body: Body, rng: np.random.Generator) -> Leopard:
        solid = np.clip(region(body, "Head", "*ear", "*f", "*h", "*g", "Ttail") + 0.4 * region(body, "Tneck"), 0, 1)
        size = rng.uniform(0.92, 1.1)
        seeds = sprinkle(body, size * (0.058 - 0.029 * solid), rng)
        normals = vertex_normals(body.vertices, body.faces)[seeds]
        radii = size * (0.0195 - 0.0085 * solid[seeds]) * rng.uniform(0.8, 1.15, len(seeds))
        blots, sizes, owner = _rings(body.vertices[seeds], normals, radii, solid[seeds] > 0.55, rng)
        ground, dark = tint((0.83, 0.67, 0.44), rng, 0.05), tint((0.10, 0.075, 0.06), rng)
        return cls(body, body.vertices[seeds], radii, blots, sizes, owner, Noise(rng), ground, dark)

    def colour(self, surface: Surface) -> np.ndarray:
        wobble = np.stack([self.noise(surface.rest * 40 + 9 * i, 2) for i in range(3)], 1)
        at = surface.rest + 0.0025 * wobble
        distance, index = cKDTree(self.blots).query(at, k=4)
        ink = np.exp(-((distance / self.sizes[index]) ** 2)).sum(1)
        colour = _cat_ground(surface, self.ground)
        away, seed = cKDTree(self.seeds).query(at)
        inside = smoothstep(1.0, 0.6, away / self.radii[seed]) * smoothstep(0.013, 0.016, self.radii[seed])
        colour = mix(colour, self.ground * [0.80, 0.70, 0.58], 0.75 * inside)
        belly = 0.22 * smoothstep(-0.7, -0.95, surface.normal[:, 2])
        colour = mix(colour, self.dark, smoothstep(0.30, 0.44, ink - belly))
        return finish(_cat_face(colour, surface), surface, self.noise, iris=(0.78, 0.56, 0.18))

    def twin(self, rng: np.random.Generator) -> tuple[Leopard, np.ndarray]:
        chosen = flank_points(self.seeds, self.body, rng, 2, 0.2)
        keep_seed = np.ones(len(self.seeds), bool)
        keep_seed[chosen] = False
        radii = self.radii.copy()
        radii[chosen] = 1e-3
        keep = ~np.isin(self.owner, chosen)
        changed = replace(self, radii=radii, blots=self.blots[keep], sizes=self.sizes[keep], owner=self.owner[keep])
        return changed, np.column_stack([self.seeds[chosen], self.radii[chosen] + 0.028])


def _rings(seeds, normals, radii, solid, rng) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Blots around each seed in its tangent plane: positions (B, 3), sizes (B,), and whose they are (B,)."""
    blots, sizes, owner = [], [], []
    for i, (seed, normal, radius) in enumerate(zip(seeds, normals, radii, strict=True)):
        if solid[i]:
            blots.append(seed[None])
            sizes.append(radius * rng.uniform(0.65, 1.0, 1))
            owner.append([i])
            continue
        u = np.cross(normal, rng.standard_normal(3))
        u /= np.linalg.norm(u)
        v = np.cross(normal, u)
        number = rng.integers(4, 7)
        angle = 2 * np.pi * (np.arange(number) + rng.uniform(-0.22, 0.22, number)) / number
        angle = angle[rng.random(number) > 0.12]
        reach = radius * rng.uniform(0.85, 1.12, len(angle))[:, None]
        blots.append(seed + reach * (np.cos(angle)[:, None] * u + rng.uniform(0.75, 1.1) * np.sin(angle)[:, None] * v))
        sizes.append(radius * rng.uniform(0.34, 0.50, len(angle)))
        owner.append([i] * len(angle))
    return np.concatenate(blots), np.concatenate(sizes), np.concatenate(owner)


def _cat_ground(surface: Surface, ground: np.ndarray) -> np.ndarray:
    """Tawny above, cream below, on chin and inner legs."""
    pale = smoothstep(0.05, -0.75, surface.normal[:, 2]) * (1 - 0.6 * surface.region("*f", "*h"))
    back = smoothstep(0.4, 1.0, surface.normal[:, 2])
    return mix(mix(ground, ground * [0.90, 0.84, 0.74], back), [0.93, 0.88, 0.78], pale)


def _tear(surface: Surface) -> np.ndarray:
    """The line from a cheetah's eye to the corner of its mouth."""
    eyes = surface.body.vertices[surface.body.part == EYE]
    line = np.array([0.022, -0.062])
    offset = surface.rest[:, [0, 2]] - eyes[:, [0, 2]].mean(0) - [0.010, -0.006]
    along = np.clip(offset @ line / (line @ line), 0, 1)
    away = np.linalg.norm(offset - along[:, None] * line, axis=1)
    return smoothstep(0.0085, 0.0055, away) * surface.region("Head") * (surface.part != EYE)


def _cat_face(colour: np.ndarray, surface: Surface) -> np.ndarray:
    """Nose, dark lips, pale muzzle, rims of the eyes, dark backs of the ears."""
    eyes = surface.body.vertices[surface.body.part == EYE]
    eye = np.abs(eyes).mean(0)
    eye[2] = eyes[:, 2].mean()
    head = surface.region("Head")
    tip = surface.body.vertices[:, 0].max()
    forward = tip - surface.rest[:, 0]
    snout = near(surface, (tip - 0.03, 0.02, eye[2] - 0.075), 0.035, 0.06)
    colour = mix(colour, [0.94, 0.90, 0.83], 0.75 * snout * head)
    colour = mix(colour, [0.09, 0.06, 0.05], near(surface, tuple(eye), 0.021, 0.028) * head)
    nose = smoothstep(0.022, 0.010, forward) * smoothstep(eye[2] - 0.085, eye[2] - 0.07, surface.rest[:, 2])
    colour = mix(colour, [0.30, 0.17, 0.14], nose * head)
    mouth = np.abs(surface.rest[:, 2] - (eye[2] - 0.098 - 0.15 * np.maximum(forward - 0.03, 0)))
    lips = smoothstep(0.006, 0.003, mouth) * smoothstep(0.09, 0.06, forward)
    colour = mix(colour, [0.12, 0.08, 0.07], lips * head)
    ear = surface.region("*ear") * smoothstep(0.2, -0.3, surface.normal[:, 0])
    return mix(colour, [0.14, 0.11, 0.09], 0.8 * ear)


# --- patches of a giraffe ----------------------------------------------------------------------


@dataclass(frozen=True)
class Giraffe:
    """Cells around seeds, parted by cream lines."""

    body: Body
    seeds: np.ndarray
    tone: np.ndarray
    spacing: np.ndarray
    noise: Noise
    patch: np.ndarray
    cream: np.ndarray
    line: float
    jag: float

    @classmethod
    def born(cls, body: Body, rng: np.random.Generator) -> Giraffe:
        small = region(body, "Head", "*ear", "*horn", "*f", "*h")
        middling = region(body, "*g", "Tneck4", "Tneck5", "Tneck6")
        spacing = rng.uniform(0.9, 1.1) * (0.170 - 0.105 * small - 0.065 * middling)
        seeds = sprinkle(body, spacing, rng)
        patch, cream = tint((0.54, 0.35, 0.20), rng, 0.09), tint((0.90, 0.83, 0.69), rng, 0.03)
        tone = rng.uniform(-1, 1, len(seeds))
        return cls(
            body,
            body.vertices[seeds],
            tone,
            spacing[seeds],
            Noise(rng),
            patch,
            cream,
            rng.uniform(0.07, 0.11),
            rng.uniform(0.006, 0.026),
        )

    def colour(self, surface: Surface) -> np.ndarray:
        wobble = np.stack([self.noise(surface.rest * 14 + 9 * i, 3) for i in range(3)], 1)
        distance, index = cKDTree(self.seeds).query(surface.rest + self.jag * wobble, k=2)
        low = smoothstep(0.95, 0.60, surface.rest[:, 2])
        gap = (distance[:, 1] - distance[:, 0]) / distance.sum(1)
        edge = self.line + 0.02 * self.noise(surface.rest * 10) + 0.30 * low
        inside = smoothstep(edge - 0.02, edge + 0.02, gap)
        tone = (1 + 0.13 * self.tone[index[:, 0]])[:, None]
        rim = smoothstep(0.0, 0.35, gap)[:, None]
        patch = self.patch * tone * (1.12 - 0.30 * rim)
        pale = smoothstep(-0.55, -0.9, surface.normal[:, 2])
        colour = mix(self.cream, patch, inside * (1 - 0.75 * pale))
        head = surface.region("Head", "*ear")
        colour = mix(colour, [0.74, 0.60, 0.42], 0.55 * head)
        colour = mix(colour, [0.34, 0.26, 0.21], near(surface, (1.60, 0, 3.42), 0.05, 0.11))
        colour = mix(colour, [0.10, 0.07, 0.06], near(surface, (1.265, 0.080, 3.665), 0.026, 0.040))
        colour = mix(colour, [0.10, 0.07, 0.06], near(surface, (1.60, 0.042, 3.435), 0.014, 0.022))
        colour = mix(colour, [0.16, 0.12, 0.10], surface.region("*horn") * smoothstep(3.84, 3.88, surface.rest[:, 2]))
        colour = mix(colour, [0.16, 0.13, 0.11], smoothstep(0.115, 0.095, surface.rest[:, 2]))
        tuft = smoothstep(1.06, 0.98, surface.rest[:, 2]) * surface.region("Ttail")
        return finish(mix(colour, [0.09, 0.07, 0.06], tuft), surface, self.noise)

    def twin(self, rng: np.random.Generator) -> tuple[Giraffe, np.ndarray]:
        chosen = flank_points(self.seeds, self.body, rng, 1, 0.3)
        keep = np.ones(len(self.seeds), bool)
        keep[chosen] = False
        changed = replace(self, seeds=self.seeds[keep], tone=self.tone[keep], spacing=self.spacing[keep])
        return changed, np.column_stack([self.seeds[chosen], 1.35 * self.spacing[chosen]])


# --- stripes and spots of an antelope ----------------------------------------------------------


@dataclass(frozen=True)
class Antelope:
    """Thin white stripes down the flanks and white spots on haunch and shoulder.

    stripes: (S, 9) side, x at the top, slant, top, bottom, half width, and amplitude, frequency, phase of the wave.
    spots: (P, 4) x, y, z, radius.
    """

    body: Body
    stripes: np.ndarray
    spots: np.ndarray
    noise: Noise
    ground: np.ndarray

    @classmethod
    def born(cls, body: Body, rng: np.random.Generator) -> Antelope:
        stripes = np.concatenate([_flank_stripes(side, rng) for side in (1, -1)])
        area = region(body, "*thigh", "*shoulder") * (body.vertices[:, 2] > 0.66) * (np.abs(body.vertices[:, 1]) > 0.06)
        area *= (body.vertices[:, 0] < 0) | (rng.random() < 0.4)
        seeds = rng.permutation(sprinkle(body, np.where(area > 0.4, rng.uniform(0.045, 0.065), 0), rng))
        seeds = seeds[: rng.integers(10, 26)]
        spots = np.column_stack([body.vertices[seeds], rng.uniform(0.007, 0.0135, len(seeds))])
        ground = tint([(0.47, 0.365, 0.275), (0.42, 0.345, 0.29), (0.55, 0.40, 0.28)][rng.integers(3)], rng, 0.06)
        return cls(body, stripes, spots, Noise(rng), ground)

    def colour(self, surface: Surface) -> np.ndarray:
        _, y, z = surface.rest.T
        trunk = surface.region("Tp", "Tl", "Tc", "*thigh", "*shoulder")
        up = smoothstep(0.3, 1.0, surface.normal[:, 2])
        colour = mix(self.ground, self.ground * 0.72, np.maximum(up, 0.6 * smoothstep(0.62, 0.55, z) * trunk))
        throat = surface.region("Tneck1", "Tneck2") * smoothstep(1.0, 0.8, z)
        colour = mix(colour, self.ground * [0.62, 0.60, 0.60], throat)
        colour = mix(colour, [0.63, 0.47, 0.31], smoothstep(0.42, 0.34, z) * surface.region("*f", "*h", "*g"))
        wobble = 0.004 * self.noise(surface.rest * 30, 2)
        white = self._white(surface, wobble) * trunk
        spine = surface.region("Tl", "Tc", "Tp") * smoothstep(0.2, 0.7, surface.normal[:, 2])
        crest = smoothstep(0.022, 0.012, np.abs(y)) * spine
        white = np.maximum(white, 0.7 * crest)
        colour = mix(colour, [0.93, 0.89, 0.81], white)
        return finish(self._face(colour, surface), surface, self.noise, (0.23, 0.19, 0.15))

    def _white(self, surface: Surface, wobble: np.ndarray) -> np.ndarray:
        x, y, z = surface.rest.T
        white = np.zeros(len(x))
        for side, top_x, slant, top, bottom, half, amplitude, frequency, phase in self.stripes:
            mine = np.flatnonzero((side * y > 0) & (np.abs(x - top_x) < 0.15))
            height = z[mine]
            centre = top_x + slant * (top - height) + amplitude * np.sin(frequency * height + phase)
            width = half * (0.65 + 0.35 * smoothstep(top, top - 0.1, height)) + 0.4 * wobble[mine]
            ends = smoothstep(bottom - 0.02, bottom + 0.05, height) * smoothstep(top + 0.01, top - 0.015, height)
            band = smoothstep(width + 0.0025, width - 0.0025, np.abs(x[mine] - centre + wobble[mine]))
            white[mine] = np.maximum(white[mine], band * smoothstep(0.15, 0.5, ends))
        distance, index = cKDTree(self.spots[:, :3]).query(surface.rest)
        radius = self.spots[index, 3] + 0.5 * wobble
        return np.maximum(white, smoothstep(radius + 0.002, radius - 0.002, distance))

    def _face(self, colour: np.ndarray, surface: Surface) -> np.ndarray:
        head = surface.region("Head")
        x, _, z = surface.rest.T
        colour = mix(colour, self.ground * [1.08, 1.0, 0.92], 0.5 * head)
        colour = mix(colour, self.ground * 0.45, 0.8 * smoothstep(0.5, 0.9, surface.normal[:, 2]) * head)
        chevron = near(surface, (0.745, 0.022, 1.205), 0.014, 0.024)
        front_cheek = near(surface, (0.73, 0.055, 1.155), 0.010, 0.014)
        back_cheek = near(surface, (0.705, 0.058, 1.150), 0.009, 0.013)
        chin = near(surface, (0.87, 0, 1.03), 0.028, 0.042)
        white = np.maximum.reduce([chevron, front_cheek, back_cheek, chin])
        colour = mix(colour, [0.93, 0.90, 0.83], white * head)
        colour = mix(colour, [0.10, 0.08, 0.07], near(surface, (0.915, 0, 1.062), 0.026, 0.040))
        colour = mix(colour, [0.10, 0.07, 0.06], near(surface, (0.700, 0.050, 1.222), 0.021, 0.029))
        throat = smoothstep(0.052, 0.036, np.hypot(1.6 * (x + z - 1.700), 0.55 * (z - x - 0.485))) * (1 - head)
        colour = mix(colour, [0.90, 0.86, 0.78], 0.8 * throat)
        inner = surface.region("*ear") * smoothstep(-0.1, 0.5, surface.normal[:, 0])
        colour = mix(colour, [0.80, 0.68, 0.56], 0.7 * inner)
        hoof = smoothstep(0.055, 0.045, surface.rest[:, 2])
        tail = surface.region("Ttail") * smoothstep(-0.54, -0.60, surface.rest[:, 0])
        return mix(mix(colour, [0.90, 0.87, 0.80], 0.8 * tail), [0.09, 0.08, 0.07], hoof)

    def twin(self, rng: np.random.Generator) -> tuple[Antelope, np.ndarray]:
        stripes, balls = self.stripes.copy(), []
        for side in (1, -1):
            own = np.flatnonzero(stripes[:, 0] == side)
            gone = rng.choice(own[1:-1])
            balls.append(_along(self.body, stripes[gone]))
            stripes[gone, 5] = -1.0
        keep = np.ones(len(self.spots), bool)
        for side in (1, -1):
            own = np.flatnonzero(side * self.spots[:, 1] > 0)
            keep[rng.choice(own, min(2, len(own)), replace=False)] = False
        balls.append(self.spots[~keep] + [0, 0, 0, 0.006])
        changed = replace(self, stripes=stripes[stripes[:, 5] > 0], spots=self.spots[keep])
        return changed, np.concatenate(balls)


def _flank_stripes(side: int, rng: np.random.Generator) -> np.ndarray:
    number = rng.integers(7, 12)
    x = np.linspace(-0.33, 0.24, number) + rng.uniform(-0.018, 0.018, number)
    top = rng.uniform(0.93, 0.99, number)
    bottom = np.where(rng.random(number) < 0.25, rng.uniform(0.76, 0.82, number), rng.uniform(0.62, 0.72, number))
    return np.column_stack(
        [
            np.full(number, side),
            x,
            rng.uniform(-0.10, 0.22, number),
            top,
            bottom,
            rng.uniform(0.004, 0.0075, number),
            rng.uniform(0.002, 0.011, number),
            rng.uniform(12, 34, number),
            rng.uniform(0, 6.3, number),
        ]
    )


def _along(body: Body, stripe: np.ndarray, radius: float = 0.032) -> np.ndarray:
    """Balls on the skin along a stripe."""
    side, top_x, slant, top, bottom, _, amplitude, frequency, phase = stripe
    z = np.arange(bottom - 0.03, top + 0.03, 0.02)
    x = top_x + slant * (top - z) + amplitude * np.sin(frequency * z + phase)
    skin = body.vertices[side * body.vertices[:, 1] > 0.0]
    _, index = cKDTree(skin[:, [0, 2]]).query(np.column_stack([x, z]), k=6)
    candidates = skin[index]
    outer = candidates[np.arange(len(z)), np.abs(candidates[..., 1]).argmax(1)]
    return np.column_stack([x, outer[:, 1], z, np.full(len(z), radius)])
