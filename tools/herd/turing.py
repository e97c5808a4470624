"""Patterns that grow on a surface by local activation and lateral inhibition (Turing), combed into stripes or free."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree


@dataclass(frozen=True)
class FineMesh:
    """A mesh with its triangles cut in four. points: (P, 3), the mesh's own first. middle: (F, 3) on ab, bc, ca."""

    points: np.ndarray
    faces: np.ndarray
    middle: np.ndarray

    @classmethod
    def of(cls, vertices: np.ndarray, faces: np.ndarray) -> FineMesh:
        edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
        unique, inverse = np.unique(edges, axis=0, return_inverse=True)
        points = np.concatenate([vertices, vertices[unique].mean(1)])
        return cls(points, faces, len(vertices) + inverse.reshape(-1, 3))

    def at(self, values: np.ndarray, face: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Values (P,) interpolated at barycentric weights (N, 3) of faces (N,)."""
        a, b, c = self.faces[face].T
        ab, bc, ca = self.middle[face].T
        which = np.where((weights >= 0.5).any(1), weights.argmax(1), 3)
        corner = np.stack([np.stack([a, ab, ca]), np.stack([ab, b, bc]), np.stack([ca, bc, c]), np.stack([bc, ca, ab])])
        corner = corner[which, :, np.arange(len(face))]
        inner = 2 * weights - (np.arange(3) == which[:, None])
        inner = np.where((which == 3)[:, None], 1 - 2 * weights, inner)
        return (values[corner] * inner).sum(1)


def kernel(points: np.ndarray, sigma: np.ndarray) -> sparse.csr_matrix:
    """Row-normalised Gaussian (P, P) of the width sigma (P,) at each point."""
    pairs = cKDTree(points).query_pairs(2.1 * float(sigma.max()), output_type="ndarray")
    i, j = np.concatenate([pairs, pairs[:, ::-1], np.repeat(np.arange(len(points))[:, None], 2, 1)]).T
    exponent = ((points[j] - points[i]) ** 2).sum(1) / (2 * sigma[i] ** 2)
    return _rows(i, j, np.where(exponent < 2.2, np.exp(-exponent), 0), len(points))


def comb(mesh: FineMesh, across: np.ndarray, sharpness: float = 9.0) -> sparse.csr_matrix:
    """Row-normalised (P, P) mean of the neighbours that do not lie across: smooths along stripes.

    across: (P, 3, 3) tensors, the mean of g g' of the unit direction g in which stripes follow each other.
    """
    a, b, c = mesh.faces.T
    ab, bc, ca = mesh.middle.T
    small = np.concatenate([np.stack(t, 1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (bc, ca, ab))])
    i = small[:, [0, 1, 2, 1, 2, 0]].ravel()
    j = small[:, [1, 2, 0, 0, 1, 2]].ravel()
    step = mesh.points[j] - mesh.points[i]
    step /= np.maximum(np.linalg.norm(step, axis=1, keepdims=True), 1e-9)
    slant = np.einsum("ni,nij,nj->n", step, across[i], step)
    own = np.arange(len(mesh.points))
    weight = np.concatenate([np.exp(-sharpness * slant), np.full(len(own), 0.15)])
    return _rows(np.concatenate([i, own]), np.concatenate([j, own]), weight, len(own))


def grow(
    spread: sparse.csr_matrix,
    start: np.ndarray,
    bias: float,
    steps: int,
    free: np.ndarray | None = None,
    along: sparse.csr_matrix | None = None,
) -> np.ndarray:
    """Let a pattern (P,) grow from start: near neighbours attract, further ones repel.

    bias: of the dark against the light. free: (P,) bool, where it may change. along: the `comb` that makes stripes.
    """
    value = start.astype(np.float32)
    for _ in range(steps):
        combed = value
        for _ in range(10 if along is not None else 0):
            combed = along @ combed
        near = spread @ (spread @ combed)
        far = spread @ (spread @ (spread @ (spread @ near)))
        grown = np.tanh(9 * (near - far) + 0.2 * near + bias)
        value = grown if free is None else np.where(free, grown, value)
    return spread @ value if free is None else np.where(free, spread @ value, start)


def _rows(i: np.ndarray, j: np.ndarray, weight: np.ndarray, count: int) -> sparse.csr_matrix:
    keep = weight > 0
    matrix = sparse.csr_matrix((weight[keep].astype(np.float32), (i[keep], j[keep])), shape=(count, count))
    return (sparse.diags((1 / np.asarray(matrix.sum(1)).ravel()).astype(np.float32)) @ matrix).tocsr()
