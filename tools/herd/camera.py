"""Cameras: where they stand and what they frame."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tools.herd.pose import turn


@dataclass(frozen=True)
class Camera:
    """rotation: (3, 3) rows right, down, forward. focal: pixels. centre: principal point. size: (width, height)."""

    rotation: np.ndarray
    position: np.ndarray
    focal: float
    centre: np.ndarray
    size: tuple[int, int]

    def project(self, world: np.ndarray) -> np.ndarray:
        """(N, 3) x, y pixels and depth in metres of world points (N, 3)."""
        x, y, depth = ((world - self.position) @ self.rotation.T).T
        scale = self.focal / depth
        return np.column_stack([scale * x + self.centre[0], scale * y + self.centre[1], depth])

    def scaled(self, factor: float) -> Camera:
        """The same view with another number of pixels."""
        width, height = (round(side * factor) for side in self.size)
        return replace(self, focal=self.focal * factor, centre=self.centre * factor, size=(width, height))

    def rays(self) -> np.ndarray:
        """(H, W, 3) float32 world directions through the pixels' centres, of unit depth."""
        x, y = np.meshgrid(np.arange(self.size[0]) + 0.5, np.arange(self.size[1]) + 0.5)
        local = np.stack([(x - self.centre[0]) / self.focal, (y - self.centre[1]) / self.focal, np.ones_like(x)], -1)
        return (local @ self.rotation).astype(np.float32)


def aim(
    vertices: np.ndarray,
    side: int,
    yaw: float,
    pitch: float,
    roll: float,
    longest: int,
    fill: float,
    shift: np.ndarray,
    aspects: tuple[float, ...],
) -> Camera:
    """A camera that looks at an animal's flank.

    vertices: (V, 3) posed. side: 1 left, -1 right. yaw: towards the head. pitch: downwards. fill: the part of the frame
    that the animal takes in its tighter direction (over 1 crops it). shift: (2,) how far it is off the middle, in parts
    of the room around it. aspects: formats (width / height), of which the one nearest to the animal's own is taken.
    """
    middle = (vertices.min(0) + vertices.max(0)) / 2
    extent = np.linalg.norm(np.ptp(vertices, axis=0))
    backward = np.array([np.sin(yaw) * np.cos(pitch), side * np.cos(yaw) * np.cos(pitch), np.sin(pitch)])
    right = np.cross(-backward, [0, 0, 1])
    right /= np.linalg.norm(right)
    rotation = turn(yaw=roll) @ np.stack([right, np.cross(-backward, right), -backward])
    camera = Camera(rotation, middle + 4.2 * extent * backward, 1.0, np.zeros(2), (1, 1))
    flat = camera.project(vertices)[:, :2]
    low, high = flat.min(0), flat.max(0)
    box = high - low
    aspect = min(aspects, key=lambda a: abs(np.log(a * box[1] / box[0])))
    size = (longest, round(longest / aspect)) if aspect >= 1 else (round(longest * aspect), longest)
    focal = fill * min(size[0] / box[0], size[1] / box[1])
    room = np.maximum(np.array(size) - focal * box, 0.06 * np.array(size))
    centre = np.array(size) / 2 - focal * (low + high) / 2 + shift * room
    return replace(camera, focal=focal, centre=centre, size=size)
