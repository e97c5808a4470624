"""Poses: joint angles, legs that reach the ground, and the matrices that move each bone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from tools.herd.body import Body, Skeleton

LEGS = {  # bones from the top, phase of the walk
    "Lh": (("Lthigh", "Lgaskin", "Lhcannon", "Lhhoof"), 0.0),
    "Lf": (("Lshoulder", "Lforearm", "Lfcannon", "Lfhoof"), 0.25),
    "Rh": (("Rthigh", "Rgaskin", "Rhcannon", "Rhhoof"), 0.5),
    "Rf": (("Rshoulder", "Rforearm", "Rfcannon", "Rfhoof"), 0.75),
}
DUTY = 0.66  # part of a stride that a hoof is on the ground


@dataclass(frozen=True)
class Habit:
    """How a species carries itself, radians and metres.

    neck: the range of the neck's total pitch, positive is down. graze: the pitch that takes the muzzle to the ground.
    head: its pitch against the neck meanwhile. stride, lift: of a step. crouch: how far it may lower itself, walking.
    """

    neck: tuple[float, float]
    graze: float
    head: float
    stride: float
    lift: float
    crouch: float = 0.0


def turn(roll: float = 0.0, pitch: float = 0.0, yaw: float = 0.0) -> np.ndarray:
    """(3, 3) rotation about x, then y, then z."""
    (cr, cp, cy), (sr, sp, sy) = np.cos([roll, pitch, yaw]), np.sin([roll, pitch, yaw])
    x = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
    y = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    return z @ y @ x


def strike(body: Body, habit: Habit, kind: str, rng: np.random.Generator, build: np.ndarray) -> np.ndarray:
    """A random pose of a kind ("stand", "walk", "graze", "look"): bone matrices (B, 3, 4) from rest to world.

    build: (3,) the individual's length, width and height against the species'.
    """
    skeleton = body.skeleton
    angles = _carriage(skeleton, habit, kind, rng)
    phase, moving = rng.random(), kind == "walk"
    root = np.array([0.0, 0.0, -(0.12 * habit.lift + habit.crouch * rng.random()) if moving else -0.01])
    lean = turn(yaw=0.03 * rng.standard_normal(), pitch=0.012 * rng.standard_normal())
    trunk = _matrices(skeleton, angles, root, lean)
    for bones, offset in LEGS.values():
        cycle = (phase + offset) % 1.0
        dx, dz = _step(cycle, habit) if moving else (habit.stride * 0.16 * rng.standard_normal(), 0.0)
        angles |= _reach(skeleton, trunk, bones, dx, dz, habit, swing=dz > 0)
    return _scaled(_matrices(skeleton, angles, root, lean), build)


def move(body: Body, matrices: np.ndarray) -> np.ndarray:
    """World positions (V, 3) of the vertices: linear blend skinning."""
    rest = np.column_stack([body.vertices, np.ones(len(body.vertices))])
    return np.einsum("vk,vkij,vj->vi", body.weights, matrices[body.bones], rest)


def _carriage(skeleton: Skeleton, habit: Habit, kind: str, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Rotations of trunk, neck, head, ears and tail."""
    neck = [name for name in skeleton.names if name.startswith("Tneck")]
    tail = [name for name in skeleton.names if name.startswith("Ttail")]
    down = habit.graze * rng.uniform(0.9, 1.0) if kind == "graze" else rng.uniform(*habit.neck)
    aside = rng.choice([-1, 1]) * rng.uniform(0.4, 0.8) if kind == "look" else 0.1 * rng.standard_normal()
    bend = 0.07 * rng.standard_normal()
    head_pitch = habit.head if kind == "graze" else -0.75 * down + 0.08 * rng.standard_normal()
    share = 0.5 ** np.arange(len(neck)) if kind == "graze" else np.ones(len(neck))
    pitches = down * share / share.sum()
    angles = {name: turn(pitch=p, yaw=0.5 * aside / len(neck)) for name, p in zip(neck, pitches, strict=True)}
    angles |= {"Tloin": turn(yaw=bend), "Tchest": turn(yaw=bend)}
    angles["Head"] = turn(pitch=head_pitch, yaw=0.5 * aside, roll=0.05 * rng.standard_normal())
    swing, curl = 0.22 * rng.standard_normal(), 0.10 * rng.standard_normal()
    angles |= {name: turn(yaw=swing, roll=0.6 * swing, pitch=curl) for name in tail}
    for side, sign in (("L", 1), ("R", -1)):
        angles[side + "ear"] = turn(yaw=sign * rng.uniform(-0.3, 0.3), roll=sign * rng.uniform(-0.25, 0.1))
    return angles


def _step(cycle: float, habit: Habit) -> tuple[float, float]:
    """Where in a walk's cycle a hoof is, against its place at rest: forward, up."""
    if cycle < DUTY:
        return habit.stride * (0.5 - cycle / DUTY), 0.0
    s = (cycle - DUTY) / (1 - DUTY)
    return habit.stride * (s - 0.5), habit.lift * np.sin(np.pi * s) ** 1.2


def _reach(skeleton: Skeleton, trunk: np.ndarray, bones, dx: float, dz: float, habit: Habit, swing: bool) -> dict:
    """Rotations of a leg's four bones that bring its last joint (dx, dz) from its place at rest."""
    index = [skeleton.index(name) for name in bones]
    joints = skeleton.joints[index]
    frame = trunk[skeleton.parents[index[0]]]
    limbs = np.diff(joints, axis=0)
    start = frame[:, :3] @ joints[0] + frame[:, 3]
    target = joints[3] + [dx, 0, dz]
    fold = dz / max(habit.lift, 1e-6)
    style = np.array([-0.25, -0.15, 0.9] if "f" in bones[1] else [-0.25, 0.45, -0.25]) * fold
    style[0] -= 0.5 * dx / np.linalg.norm(limbs, axis=1).sum()

    def residual(angle: np.ndarray) -> np.ndarray:
        at = start.copy()
        for limb, total in zip(limbs, np.cumsum(angle), strict=True):
            at = at + frame[:, :3] @ turn(pitch=total) @ limb
        return np.concatenate([30 * (at - target)[[0, 2]], (angle - style) * [0.8, 0.6, 0.6]])

    angle = least_squares(residual, style, method="lm").x
    droop = (0.9 * fold if swing else 0.0) - angle.sum()
    return {name: turn(pitch=value) for name, value in zip(bones, (*angle, droop), strict=True)}


def _matrices(skeleton: Skeleton, angles: dict[str, np.ndarray], root: np.ndarray, lean: np.ndarray) -> np.ndarray:
    result = np.zeros((len(skeleton.names), 3, 4))
    for i, (name, joint, parent) in enumerate(zip(skeleton.names, skeleton.joints, skeleton.parents, strict=True)):
        rotation = angles.get(name, np.eye(3))
        if parent < 0:
            linear, at = lean @ rotation, joint + root
        else:
            linear = result[parent, :, :3] @ rotation
            at = result[parent, :, :3] @ joint + result[parent, :, 3]
        result[i] = np.column_stack([linear, at - linear @ joint])
    return result


def _scaled(matrices: np.ndarray, build: np.ndarray) -> np.ndarray:
    return build[:, None] * matrices
