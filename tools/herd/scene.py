"""Scenes: sky, hills, trees, ground and grass around an animal. Light is linear RGB; paint is sRGB albedo, 0 to 1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter

from tools.herd.camera import Camera
from tools.herd.noise import mix, smoothstep


@dataclass(frozen=True)
class Light:
    """Sun and sky. toward: (3,) unit vector to the sun. horizon, zenith: the sky's colours. haze: of far things."""

    toward: np.ndarray
    sun: np.ndarray
    sky: np.ndarray
    horizon: np.ndarray
    zenith: np.ndarray
    haze: np.ndarray
    clouds: float
    softness: float


@dataclass(frozen=True)
class Biome:
    """Colours and plants of a place. height: of the grass, metres. cover: of the soil, 0 to 1. tufts, trees, bushes:
    how many are in sight. wall: 1 where trees close the view."""

    soil: tuple[float, float, float]
    grass: tuple[tuple[float, float, float], ...]
    leaf: tuple[float, float, float]
    height: float
    cover: float
    tufts: int
    trees: int
    bushes: int
    wall: float = 0.0


LIGHTS = {
    "noon": (0.95, 1.25, (2.5, 2.35, 2.1), (0.50, 0.62, 0.85), (0.72, 0.83, 0.95), (0.26, 0.48, 0.82), 0.5, 1.0),
    "morning": (0.45, 0.70, (2.6, 2.2, 1.65), (0.48, 0.56, 0.74), (0.93, 0.88, 0.78), (0.42, 0.62, 0.86), 0.35, 1.0),
    "evening": (0.30, 0.50, (2.9, 2.05, 1.25), (0.50, 0.50, 0.62), (1.05, 0.82, 0.58), (0.46, 0.55, 0.72), 0.4, 1.2),
    "dusk": (0.22, 0.34, (2.1, 1.35, 0.90), (0.55, 0.52, 0.68), (0.98, 0.66, 0.52), (0.40, 0.42, 0.62), 0.6, 2.0),
    "overcast": (0.8, 1.2, (0.75, 0.76, 0.76), (1.00, 1.05, 1.10), (0.86, 0.88, 0.90), (0.66, 0.71, 0.77), 0.9, 5.0),
}

BIOMES = {
    "savanna": Biome(
        (0.62, 0.53, 0.41),
        ((0.78, 0.70, 0.50), (0.71, 0.61, 0.42), (0.60, 0.56, 0.38)),
        (0.36, 0.38, 0.24),
        0.20,
        0.75,
        2600,
        5,
        14,
    ),
    "plain": Biome(
        (0.60, 0.52, 0.40),
        ((0.53, 0.57, 0.34), (0.45, 0.52, 0.30), (0.66, 0.63, 0.42)),
        (0.31, 0.37, 0.22),
        0.11,
        0.85,
        3000,
        3,
        10,
    ),
    "bush": Biome(
        (0.58, 0.48, 0.38),
        ((0.55, 0.54, 0.36), (0.69, 0.63, 0.46), (0.43, 0.46, 0.30)),
        (0.34, 0.38, 0.24),
        0.18,
        0.45,
        1500,
        5,
        60,
    ),
    "forest": Biome(
        (0.40, 0.33, 0.23),
        ((0.37, 0.46, 0.25), (0.44, 0.51, 0.29), (0.50, 0.50, 0.33)),
        (0.24, 0.31, 0.18),
        0.15,
        0.65,
        2200,
        12,
        60,
        wall=1.0,
    ),
    "soil": Biome(
        (0.64, 0.49, 0.38), ((0.74, 0.62, 0.42), (0.58, 0.52, 0.30)), (0.39, 0.40, 0.27), 0.14, 0.12, 450, 4, 26
    ),
}


def make_light(name: str, camera: Camera, rng: np.random.Generator) -> Light:
    """A light of a kind; the sun stands behind the camera, to the left or right of it."""
    low, high, sun, sky, horizon, zenith, clouds, softness = LIGHTS[name]
    elevation = rng.uniform(low, high)
    view = -camera.rotation[2]
    azimuth = np.arctan2(view[1], view[0]) + rng.choice([-1, 1]) * rng.uniform(0.25, 1.25)
    toward = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
    tone = rng.uniform(0.92, 1.1)
    haze = mix(np.array(horizon), np.array(zenith), np.array(0.25))
    return Light(
        toward,
        tone * np.array(sun),
        np.array(sky),
        np.array(horizon),
        np.array(zenith),
        haze,
        clouds * rng.uniform(0.2, 1.0),
        softness,
    )


def linear(srgb: np.ndarray) -> np.ndarray:
    """sRGB 0 to 1 to linear light."""
    return np.asarray(srgb, np.float32) ** 2.2


def noise_tile(rng: np.random.Generator, size: int = 256, blur: float = 5.0) -> np.ndarray:
    """A periodic (size, size) float32 texture, mean 0, deviation 1."""
    tile = gaussian_filter(rng.standard_normal((size, size)), blur, mode="wrap")
    return (tile / tile.std()).astype(np.float32)


def sample(tile: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A tile that repeats every unit of x and y, at (H, W) places."""
    size = len(tile)
    wrap = lambda v: size * (v - np.floor(v)).astype(np.float32)  # noqa: E731
    padded = np.pad(tile, ((0, 1), (0, 1)), mode="wrap")
    return cv2.remap(padded, wrap(x), wrap(y), cv2.INTER_LINEAR)


def paint_sky(camera: Camera, light: Light, rng: np.random.Generator) -> np.ndarray:
    """(H, W, 3) linear light of the sky and hazy hills."""
    rays = camera.rays()
    flat = np.linalg.norm(rays[..., :2], axis=-1)
    rise = rays[..., 2] / flat
    sky = mix(light.horizon, light.zenith, smoothstep(0.0, 0.55, np.maximum(rise, 0)) ** 0.8).astype(np.float32)
    bearing = np.arctan2(rays[..., 1], rays[..., 0])
    tile = noise_tile(rng, blur=9)
    cloud = sample(tile, bearing * 0.9, rise * 4) + 0.5 * sample(tile, bearing * 2.3, rise * 9)
    sky = mix(sky, np.array([1.0, 0.99, 0.97]) * light.horizon.max(), 0.7 * light.clouds * smoothstep(0.0, 1.6, cloud))
    return np.asarray(_hills(sky, rise, bearing, light, tile, rng), np.float32)


def _hills(sky, rise, bearing, light: Light, tile, rng) -> np.ndarray:
    for depth, height in ((0.80, rng.uniform(0.01, 0.05)), (0.6, rng.uniform(0.004, 0.03))):
        ridge = height * (1 + 0.7 * sample(tile, bearing * 0.6 + depth, np.full_like(bearing, depth)))
        ridge += 0.1 * height * sample(tile, bearing * 5, np.full_like(bearing, depth))
        wood = linear(np.array([0.30, 0.36, 0.30])) * (light.sky + 0.4 * light.sun)
        sky = mix(sky, mix(wood, light.haze, np.array(depth)), smoothstep(-0.002, 0.002, ridge - rise))
    return sky


def ground_points(camera: Camera) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where each pixel's ray meets the ground: x, y (H, W) metres, and its depth, inf above the horizon."""
    rays = camera.rays()
    with np.errstate(divide="ignore"):
        depth = np.where(rays[..., 2] < -1e-5, -camera.position[2] / rays[..., 2], np.inf)
    safe = np.where(np.isfinite(depth), depth, 0)
    x, y = (camera.position[i] + safe * rays[..., i] for i in range(2))
    return x.astype(np.float32), y.astype(np.float32), depth.astype(np.float32)


def paint_ground(x, y, depth, biome: Biome, rng: np.random.Generator) -> np.ndarray:
    """(H, W, 3) linear albedo of soil and distant grass."""
    tile, fine = noise_tile(rng, blur=7), noise_tile(rng, blur=2.2)
    fade = [np.exp(-depth / reach).astype(np.float32) for reach in (300, 90, 40)]
    broad = sample(tile, x / 31, y / 31) + 0.7 * sample(tile, y / 9, x / 9)
    middle = sample(tile, x / 2.6, y / 2.6) * fade[1]
    detail = sample(fine, x / 1.1, y / 1.1) * fade[2] + sample(fine, y / 0.37, x / 0.37) * fade[2]
    grassy = smoothstep(-0.9, 0.9, 0.6 * broad + 0.7 * middle + 0.2 * detail + 3.2 * (biome.cover - 0.5))
    straw = mix(np.array(biome.grass[0]), np.array(biome.grass[-1]), smoothstep(-1.2, 1.2, broad + 0.4 * middle))
    colour = mix(np.array(biome.soil), 0.86 * straw, grassy * 0.9)
    return linear(np.clip(colour * (1 + 0.07 * middle + 0.075 * detail)[..., None], 0.02, 1))


class Brush:
    """Draws coloured shapes on an albedo canvas with alpha, both 8 bit."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.colour = np.zeros((size[1], size[0], 3), np.uint8)
        self.alpha = np.zeros((size[1], size[0]), np.uint8)

    def disc(self, x: float, y: float, radius: float, colour: np.ndarray) -> None:
        at, r = (round(x * 16), round(y * 16)), max(1, round(radius * 16))
        cv2.circle(self.colour, at, r, _bytes(colour), -1, cv2.LINE_AA, 4)
        cv2.circle(self.alpha, at, r, 255, -1, cv2.LINE_AA, 4)

    def lines(self, lines: np.ndarray, colour: np.ndarray, thickness: int) -> None:
        """lines: (N, P, 2) pixels."""
        fixed = list(np.rint(np.clip(lines, -4000, 8000) * 16).astype(np.int32))
        cv2.polylines(self.colour, fixed, False, _bytes(colour), thickness, cv2.LINE_AA, 4)
        cv2.polylines(self.alpha, fixed, False, 255, thickness, cv2.LINE_AA, 4)

    def over(self, below: np.ndarray, lit: Callable[[np.ndarray], np.ndarray], blur: float) -> np.ndarray:
        """The canvas, lit and blurred, over an image (H, W, 3)."""
        drawn_rows = np.flatnonzero(self.alpha.any(1))
        if not len(drawn_rows):
            return below
        rows = slice(max(0, drawn_rows[0] - int(3 * blur) - 1), drawn_rows[-1] + int(3 * blur) + 2)
        alpha = self.alpha[rows, :, None] / np.float32(255)
        table = linear(np.arange(256) / 255)
        drawn = np.concatenate([lit(table[self.colour[rows]]) * alpha, alpha], -1, dtype=np.float32)
        if blur > 0.3:
            drawn = cv2.GaussianBlur(drawn, (0, 0), blur)
        result = below.copy()
        result[rows] = below[rows] * (1 - drawn[..., 3:]) + drawn[..., :3]
        return result


def _f32(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, np.float32)


def _bytes(colour: np.ndarray) -> tuple[int, int, int]:
    return tuple(int(c) for c in np.clip(np.asarray(colour) * 255, 0, 255))  # type: ignore[return-value]


def paint_plants(image: np.ndarray, camera: Camera, light: Light, biome: Biome, focus: float, rng) -> np.ndarray:
    """Bushes and trees behind the animal, far ones first, each band blurred by its distance: over linear light."""
    for near, far, share in ((110, 260, 0.35), (55, 110, 0.3), (30, 55, 0.2), (17, 30, 0.15)):
        near, far = max(near, 1.6 * focus), max(far, 2.4 * focus)
        brush = Brush(camera.size)
        hedge = 25 * biome.wall if near > 50 else 0
        numbers = (("bush", biome.bushes * share + hedge), ("tree", biome.trees * share))
        plants = [(rng.uniform(near, far), kind) for kind, number in numbers for _ in range(rng.poisson(number))]
        for depth, kind in sorted(plants, reverse=True):
            _plant(brush, camera, depth, kind, biome, light, rng)
        air = 1 - np.exp(-0.5 * (near + far) / 420)
        lit = lambda paint, air=air: mix(paint * _f32(0.9 * light.sky + 0.42 * light.sun), light.haze, air)  # noqa: E731
        blur = camera.focal * 0.0030 * (1 - focus / (0.5 * (near + far)))
        image = brush.over(image, lit, blur)
    return image


def _plant(brush: Brush, camera: Camera, depth: float, kind: str, biome: Biome, light: Light, rng) -> None:
    width, _ = camera.size
    place = camera.rotation.T @ np.array([(rng.uniform(-0.15, 1.15) * width - camera.centre[0]) / camera.focal, 0, 1])
    place = camera.position + depth * place / np.linalg.norm(place[:2])
    foot = camera.project(np.array([[place[0], place[1], 0.0]]))[0]
    unit = camera.focal / foot[2]
    leaf = np.array(biome.leaf) * rng.uniform(0.75, 1.2) * (1 + 0.08 * rng.standard_normal(3))
    side = np.sign(camera.rotation[0] @ light.toward)
    if kind == "bush":
        size = rng.uniform(0.7, 2.2) * (1 + 1.3 * biome.wall)
        _crown(brush, foot[0], foot[1] - 0.45 * size * unit, 0.75 * size * unit, 0.52 * size * unit, leaf, side, rng)
        return
    tall = rng.uniform(4, 8) * (1 + 0.5 * biome.wall)
    bark = np.array([0.27, 0.21, 0.16])
    crown = foot[:2] + np.array([rng.uniform(-0.4, 0.4) * unit, -tall * unit])
    for lean in rng.uniform(-0.28, 0.28, 3):
        tip = crown + np.array([lean * tall * unit, 0.06 * tall * unit])
        path = np.stack([foot[:2], 0.55 * foot[:2] + 0.45 * crown + [0.2 * lean * unit, 0], tip])
        brush.lines(path[None], bark, max(1, round(0.16 * unit)))
    flat = 0.30 if biome.wall else 0.16
    for _ in range(3):
        x, y = crown + rng.uniform(-0.22, 0.22, 2) * [tall * unit, 0.4 * tall * unit]
        _crown(brush, x, y, rng.uniform(0.25, 0.42) * tall * unit, flat * 0.6 * tall * unit, leaf, side, rng)


def _crown(brush: Brush, x: float, y: float, rx: float, ry: float, leaf: np.ndarray, side: float, rng) -> None:
    """A heap of leaf clumps, darker below and away from the sun."""
    number = int(np.clip(rx * 2.0, 24, 130))
    place = rng.standard_normal((number, 2)) * 0.48
    place = place[(place**2).sum(1) < 1]
    place = place[np.argsort(-place[:, 1] + 0.3 * rng.standard_normal(len(place)))]
    for u, v in place:
        shade = 0.78 - 0.42 * v + 0.16 * side * u + 0.12 * rng.standard_normal()
        clump = leaf * np.clip(shade, 0.25, 1.5) * [1.0 + 0.06 * rng.standard_normal(), 1.0, 1.0]
        brush.disc(x + u * rx, y + v * ry, rng.uniform(0.08, 0.24) * ry + 0.5, clump)


@dataclass(frozen=True)
class Grass:
    """Blades: root depth (N,), lines (N, 4, 2) pixels, paint (N, 3), thickness (N,) pixels."""

    depth: np.ndarray
    lines: np.ndarray
    paint: np.ndarray
    thickness: np.ndarray

    def draw(self, brush: Brush, chosen: np.ndarray, bands: int = 8) -> None:
        """Draw the chosen blades, far ones first; a blade's colour is one of a few shades."""
        order = np.flatnonzero(chosen)
        order = order[np.argsort(-self.depth[order], kind="stable")]
        for part in np.array_split(order, bands):
            shade = np.rint(self.paint[part].mean(1) * 26) * 10 + np.rint(self.paint[part, 1] * 10)
            for value in np.unique(shade):
                same = part[shade == value]
                thickness = max(1, round(float(self.thickness[same].mean())))
                brush.lines(self.lines[same], self.paint[same].mean(0), thickness)


def grow_grass(camera: Camera, biome: Biome, focus: float, rng: np.random.Generator) -> Grass:
    """Tufts of blades over the ground in sight, evenly over the picture."""
    width, height = camera.size
    tufts = rng.uniform([-0.03 * width, 0], [1.03 * width, 1.12 * height], (biome.tufts, 2))
    local = np.column_stack([(tufts - camera.centre) / camera.focal, np.ones(len(tufts))])
    rays = local @ camera.rotation
    with np.errstate(divide="ignore"):
        reach = -camera.position[2] / rays[:, 2]
    seen = (reach > 0) & (reach < 4.5 * focus)
    roots = camera.position + reach[seen, None] * rays[seen]
    patch = noise_tile(rng, 64, 2.5)
    lush = patch[np.mod(roots[:, 0] * 9, 64).astype(int), np.mod(roots[:, 1] * 9, 64).astype(int)]
    keep = lush > 1.6 * (0.5 - biome.cover) - 0.6 + 0.5 * rng.standard_normal(len(lush))
    return _blades(camera, biome, roots[keep], lush[keep], rng)


def _blades(camera: Camera, biome: Biome, roots: np.ndarray, lush: np.ndarray, rng) -> Grass:
    per = rng.integers(5, 13, len(roots))
    owner = np.repeat(np.arange(len(roots)), per)
    count = len(owner)
    spread = 0.035 + 0.25 * biome.height
    root = roots[owner] + np.column_stack([spread * 0.5 * rng.standard_normal((count, 2)), np.zeros(count)])
    size = biome.height * (0.9 + 0.28 * np.clip(lush[owner], -1.5, 2)) * rng.uniform(0.35, 1.15, count)
    lean = 0.38 * rng.standard_normal((count, 2)) + 0.15 * rng.standard_normal(2)
    t = np.array([0, 0.4, 0.75, 1.0])
    path = root[:, None] + size[:, None, None] * np.concatenate(
        [lean[:, None] * (t**2)[None, :, None], np.broadcast_to((t - 0.15 * t**2)[None, :, None], (count, 4, 1))], -1
    )
    screen = camera.project(path.reshape(-1, 3)).reshape(count, 4, 3)
    base = np.array(biome.grass)[rng.integers(0, len(biome.grass), len(roots))][owner]
    paint = np.clip(base * (rng.uniform(0.62, 1.18, count) + 0.06 * lush[owner])[:, None], 0.03, 1)
    depth = screen[:, 0, 2]
    thickness = 0.0045 * (0.6 + biome.height * 2) * camera.focal / depth
    return Grass(depth, screen[..., :2], paint, thickness)
