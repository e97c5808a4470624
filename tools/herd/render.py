"""Puts an animal into a scene: shading, shadows, depth of field, the camera's own faults."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pairx.datasets.raster import barycentric, rasterise
from tools.herd.body import EYE, HORN, Body, vertex_normals
from tools.herd.camera import Camera
from tools.herd.coat import Coat, Surface
from tools.herd.noise import Noise, mix, smoothstep
from tools.herd.pose import move
from tools.herd.scene import (
    BIOMES,
    Biome,
    Brush,
    Light,
    ground_points,
    grow_grass,
    linear,
    make_light,
    paint_ground,
    paint_plants,
    paint_sky,
)

SUPER = 2  # samples per pixel in each direction


@dataclass(frozen=True)
class Picture:
    """image: (H, W, 3) uint8 RGB. covered: (H, W) bool, where grass stands in front of the animal."""

    image: np.ndarray
    covered: np.ndarray


@dataclass(frozen=True)
class ShadowMap:
    """How far along the sun's rays the first skin is, in a frame of the sun."""

    axes: np.ndarray
    low: np.ndarray
    cell: float
    depth: np.ndarray

    @classmethod
    def of(cls, vertices: np.ndarray, toward: np.ndarray, cell: float) -> ShadowMap:
        """From vertices that lie closer together than the cells."""
        axes = _sun_axes(toward)
        local = vertices @ axes.T
        low = local.min(0) - 2 * cell
        column, row = ((local[:, :2] - low[:2]) / cell).astype(int).T
        depth = np.full((row.max() + 3, column.max() + 3), 1e3, np.float32)
        np.minimum.at(depth, (row, column), local[:, 2])
        return cls(axes, low, cell, depth)

    def light(self, points: np.ndarray, bias: float) -> np.ndarray:
        """(N,) 0 to 1: how much sun reaches points (N, 3), averaged over a few neighbouring rays."""
        local = points @ self.axes.T
        x, y = ((local[:, :2] - self.low[:2]) / self.cell).T
        total = np.zeros(len(points), np.float32)
        for dx in (-1, 0, 1):
            for dy in (-1, 0, 1):
                column = np.clip((x + dx).astype(int), 0, self.depth.shape[1] - 1)
                row = np.clip((y + dy).astype(int), 0, self.depth.shape[0] - 1)
                total += self.depth[row, column] > local[:, 2] - bias
        return total / 9


def _sun_axes(toward: np.ndarray) -> np.ndarray:
    """Rows right, down, away from the sun."""
    right = np.cross(-toward, [0, 0, 1])
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(-toward, right), -toward])


def render(
    body: Body,
    coat: Coat,
    matrices: np.ndarray,
    camera: Camera,
    light_name: str,
    biome_name: str,
    rng: np.random.Generator,
) -> Picture:
    """Photograph an animal. matrices: (B, 3, 4) bones from rest to world; camera: in pixels of the final picture."""
    fine = camera.scaled(SUPER)
    light, biome = make_light(light_name, camera, rng), BIOMES[biome_name]
    vertices = move(body, matrices)
    focus = float(camera.project(vertices.mean(0, keepdims=True))[0, 2])
    backdrop, front = _surroundings(fine, camera, vertices, light, biome, focus, rng)
    image, mask = shade(body, coat, vertices, fine, light, biome, rng)
    alpha = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.7)[..., None]
    spread = _bleed(image, mask)
    picture = backdrop * (1 - alpha) + spread * alpha
    grass_light = (light.sky * 0.8 + light.sun * (0.25 + 0.75 * light.toward[2])).astype(np.float32)
    picture = front.over(picture, lambda paint: paint * grass_light, 0.5)
    covered = cv2.resize(front.alpha, camera.size, interpolation=cv2.INTER_AREA) > 96
    return Picture(develop(picture, camera.size, rng), covered)


def shade(
    body: Body, coat: Coat, vertices: np.ndarray, camera: Camera, light: Light, biome: Biome, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Linear light (H, W, 3) of the animal alone, and its silhouette (H, W) bool."""
    surface, mask = survey(body, vertices, camera)
    image = np.zeros((*mask.shape, 3), np.float32)
    image[mask] = _lit(linear(coat.colour(surface)), surface, vertices, camera, light, biome, Noise(rng))
    return image, mask


def survey(body: Body, vertices: np.ndarray, camera: Camera) -> tuple[Surface, np.ndarray]:
    """The points of a posed body that a camera's pixels show, row by row, and which pixels those are: (H, W) bool."""
    screen = camera.project(vertices)
    triangle = rasterise(screen, body.faces, camera.size)
    mask = triangle >= 0
    rows, columns = np.nonzero(mask)
    face = triangle[mask]
    corners = body.faces[face]
    weights = barycentric(screen[corners], np.column_stack([columns, rows]) + 0.5)
    at = lambda values: np.einsum("nk,nk...->n...", weights, values[corners])  # noqa: E731
    return Surface(body, at(body.vertices), _unit(at(vertex_normals(body.vertices, body.faces))), face, weights), mask


def _lit(
    paint: np.ndarray, surface: Surface, vertices: np.ndarray, camera: Camera, light: Light, biome: Biome, noise: Noise
) -> np.ndarray:
    """Light (N, 3) that comes from points of a surface with the albedo paint (N, 3): sun, sky, ground and gloss."""
    normal, place = _unit(surface.of(vertex_normals(vertices, surface.body.faces))), surface.of(vertices)
    openness = surface.of(surface.body.openness)
    size = np.ptp(vertices, axis=0).max()
    muscle = surface.of(np.stack([noise(surface.body.vertices * 9 / size + 5 * i, 2) for i in range(3)], 1))
    hair = np.stack([noise(surface.rest * 150 / size + 5 * i) for i in range(3)], 1)
    hard = surface.part != 0
    bumpy = _unit(normal + np.where(hard[:, None], 0, 0.13 * muscle + 0.12 * hair))
    shadow = ShadowMap.of(vertices, light.toward, size / 110).light(place, size / 50)
    soft = min(0.75, 0.12 * light.softness)
    facing = bumpy @ light.toward
    direct = np.clip((facing + soft) / (1 + soft), 0, 1) * shadow
    open_sky = (0.25 + 0.75 * openness) * (0.5 + 0.5 * bumpy[:, 2])
    bounce = linear(np.array(biome.soil)) * (light.sky + light.sun * light.toward[2]) * 0.55
    below = (0.2 + 0.8 * openness) * (0.5 - 0.5 * bumpy[:, 2]) * smoothstep(1.6 * size, 0.0, place[:, 2])
    view = _unit(camera.position - place)
    half = _unit(view + light.toward)
    shine = np.clip((bumpy * half).sum(1), 0, 1)
    gloss = 0.05 * shine**12 * shadow + np.where(surface.part == HORN, 0.12 * shine**24, 0)
    glint = np.where(surface.part == EYE, 3.0 * np.clip((normal * half).sum(1), 0, 1) ** 90, 0)
    radiance = paint * (direct[:, None] * light.sun + open_sky[:, None] * light.sky + below[:, None] * bounce)
    rim = (1 - np.clip((normal * view).sum(1), 0, 1)) ** 3 * open_sky * 0.10
    return radiance + (gloss + glint)[:, None] * light.sun + rim[:, None] * light.sky


def _surroundings(fine: Camera, camera: Camera, vertices: np.ndarray, light: Light, biome: Biome, focus: float, rng):
    """What is behind the animal (H, W, 3) linear, and a brush with the grass in front of it, at the fine size."""
    far = paint_plants(paint_sky(camera, light, rng), camera, light, biome, focus, rng)
    far = cv2.resize(far.astype(np.float32), fine.size, interpolation=cv2.INTER_LINEAR)
    x, y, depth = ground_points(fine)
    paint = paint_ground(x, y, depth, biome, rng)
    grass = grow_grass(fine, biome, focus, rng)
    air = (1 - np.exp(-np.where(np.isfinite(depth), depth, 1e4) / 420)).astype(np.float32)
    strength = (light.sky * 0.8 + light.sun * (0.25 + 0.75 * light.toward[2])).astype(np.float32)
    soft_edge = smoothstep(0.0, 0.012, fine.position[2] / depth)
    ground = mix(far, mix(paint * strength, light.haze, air), soft_edge).astype(np.float32)
    hoofs = _hoof_depths(vertices, fine)
    behind = Brush(fine.size)
    grass.draw(behind, grass.depth > hoofs[1] + 0.25 * focus)
    ground = behind.over(ground, lambda p: mix(p * strength, light.haze, np.array(0.06)), 0)
    ground = _defocus(ground, depth, focus, fine)
    close = Brush(fine.size)
    grass.draw(close, (grass.depth <= hoofs[1] + 0.25 * focus) & (grass.depth > hoofs[0]))
    ground = close.over(ground, lambda p: p * strength, 0.4)
    ground *= _ground_shadow(x, y, depth, vertices, light)
    front = Brush(fine.size)
    grass.draw(front, grass.depth <= hoofs[0])
    return ground, front


def _hoof_depths(vertices: np.ndarray, camera: Camera) -> tuple[float, float]:
    depth = camera.project(vertices[vertices[:, 2] < vertices[:, 2].min() + 0.06])[:, 2]
    return float(depth.min()) - 0.02, float(depth.max())


def _defocus(image: np.ndarray, depth: np.ndarray, focus: float, camera: Camera) -> np.ndarray:
    """Blend of blurred copies by each pixel's distance from the plane in focus."""
    far = np.where(np.isfinite(depth), depth, 1e4)
    wanted = camera.focal * 0.0042 * np.clip(np.abs(1 - focus / far) - 0.06, 0, 1)
    for blur in (1.5, 4.0, 9.0):
        step = smoothstep(0.35 * blur, 1.1 * blur, wanted).astype(np.float32)[..., None]
        image = image * (1 - step) + cv2.GaussianBlur(image, (0, 0), blur) * step
    return image


def _ground_shadow(x, y, depth, vertices, light: Light) -> np.ndarray:
    """(H, W, 3) factor of the light that reaches the ground beside and under the animal."""
    slope = light.toward / max(light.toward[2], 0.12)
    cast = vertices - vertices[:, 2:] * slope
    cell = np.ptp(vertices, axis=0).max() / 110
    sun = _footprint(x, y, cast, cell, 0.6 * light.softness + 0.5)
    contact = _footprint(x, y, vertices, cell, 5.5)
    feet = _footprint(x, y, vertices[vertices[:, 2] < 0.06 * vertices[:, 2].max()], cell, 1.3)
    seen = np.isfinite(depth)[..., None]
    direct = light.sun * (0.25 + 0.75 * light.toward[2])
    share = direct / (direct + 0.8 * light.sky)
    dark = (1 - share * 0.92 * sun[..., None]) * (1 - (1 - share) * 0.75 * contact[..., None])
    dark = dark * (1 - 0.45 * feet[..., None])
    return np.where(seen, dark, 1).astype(np.float32)


def _footprint(x: np.ndarray, y: np.ndarray, vertices: np.ndarray, cell: float, blur: float) -> np.ndarray:
    """How much of the ground at x, y (H, W) lies under a dense cloud of vertices, blurred by so many cells."""
    low = vertices[:, :2].min(0) - 20 * cell
    column, row = ((vertices[:, :2] - low) / cell).astype(int).T
    cover = np.zeros((row.max() + 20, column.max() + 20), np.float32)
    cover[row, column] = 1
    cover = cv2.GaussianBlur(cv2.morphologyEx(cover, cv2.MORPH_CLOSE, np.ones((3, 3))), (0, 0), blur)
    u, v = ((x - low[0]) / cell - 0.5).astype(np.float32), ((y - low[1]) / cell - 0.5).astype(np.float32)
    return cv2.remap(cover, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)


def _bleed(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The animal's colours carried a little over its edge, so that a soft edge does not darken."""
    weight = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1.2)[..., None]
    return np.where(mask[..., None], image, cv2.GaussianBlur(image, (0, 0), 1.2) / np.maximum(weight, 1e-3))


def develop(radiance: np.ndarray, size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Linear light at the fine size to a photograph (H, W, 3) uint8: tone curve, vignette, slight blur, noise."""
    small = cv2.resize(radiance.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    exposed = small * rng.uniform(0.72, 0.86)
    toned = exposed * (2.51 * exposed + 0.03) / (exposed * (2.43 * exposed + 0.59) + 0.14)
    srgb = np.clip(toned, 0, 1) ** (1 / 2.2)
    srgb = mix(srgb, srgb.mean(-1, keepdims=True), np.full(srgb.shape[:2], rng.uniform(0.02, 0.12)))
    x, y = np.meshgrid(np.linspace(-1, 1, size[0]), np.linspace(-1, 1, size[1]))
    srgb *= (1 - 0.10 * (x**2 + y**2) / 2)[..., None]
    blur = rng.choice([0.0, 0.0, 0.45, 0.6])
    if blur:
        srgb = cv2.GaussianBlur(srgb, (0, 0), blur)
    grain = rng.uniform(0.002, 0.008) * rng.standard_normal((*srgb.shape[:2], 1))
    return (np.clip(srgb + grain, 0, 1) * 255 + 0.5).astype(np.uint8)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
