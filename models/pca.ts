/** Principal components of many rows, by subspace iteration (Halko, Martinsson and Tropp 2011). */
import type { Random } from "./random";

export interface Components {
  /** Each row in the plane of the components, [rows, components]. */
  places: Float64Array;
  /** The share of the variance that each of them has, the largest first. */
  shares: number[];
}

/** So many components more than wanted are followed, and so often; close ones are told apart then. */
const spare = 8;
const rounds = 12;

/**
 * The components with most variance of [rows, width] numbers. A component's sign is such that the largest of its places
 * is positive, so that equal numbers give equal pictures.
 */
export function principalComponents(rows: Float32Array, width: number, wanted: number, random: Random): Components {
  const count = rows.length / width;
  const kept = Math.max(1, Math.min(wanted, width, count));
  const followed = Math.min(kept + spare, width, count);
  const centred = centredRows(rows, width);
  const total = centred.reduce((sum, x) => sum + x * x, 0) || 1;
  let basis: Float64Array = Float64Array.from({ length: width * followed }, () => random.normal());
  orthonormalize(basis, followed);
  for (let round = 0; round < rounds; round++) {
    basis = backward(centred, forward(centred, basis, width, followed), width, followed);
    orthonormalize(basis, followed);
  }
  const projected = forward(centred, basis, width, followed);
  const { values, vectors } = symmetricEigen(gram(projected, followed), followed);
  const order = values.map((_, i) => i).sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0));
  const places = new Float64Array(count * wanted);
  for (const [component, from] of order.slice(0, kept).entries()) {
    placeAlong(projected, vectors, { places, component, from, followed, wanted });
  }
  return { places, shares: order.slice(0, kept).map((i) => Math.max(0, values[i] ?? 0) / total) };
}

interface Placing {
  places: Float64Array;
  component: number;
  from: number;
  followed: number;
  wanted: number;
}

function placeAlong(projected: Float64Array, vectors: Float64Array, placing: Placing): void {
  const { places, component, from, followed, wanted } = placing;
  const count = projected.length / followed;
  let largest = 0;
  for (let row = 0; row < count; row++) {
    let sum = 0;
    for (let k = 0; k < followed; k++) sum += at(projected, row * followed + k) * at(vectors, k * followed + from);
    places[row * wanted + component] = sum;
    if (Math.abs(sum) > Math.abs(largest)) largest = sum;
  }
  if (largest >= 0) return;
  for (let row = 0; row < count; row++) places[row * wanted + component] = -at(places, row * wanted + component);
}

const at = (numbers: Float32Array | Float64Array, place: number): number => numbers[place] as number;

function centredRows(rows: Float32Array, width: number): Float32Array {
  const count = rows.length / width;
  const means = new Float64Array(width);
  for (let i = 0; i < rows.length; i++) means[i % width] = at(means, i % width) + at(rows, i) / count;
  return rows.map((x, i) => x - at(means, i % width));
}

/** [rows, width] · [width, followed]. */
function forward(rows: Float32Array, basis: Float64Array, width: number, followed: number): Float64Array {
  const count = rows.length / width;
  const result = new Float64Array(count * followed);
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < width; i++) {
      const x = at(rows, row * width + i);
      for (let k = 0; k < followed; k++) {
        result[row * followed + k] = at(result, row * followed + k) + x * at(basis, i * followed + k);
      }
    }
  }
  return result;
}

/** [rows, width]ᵀ · [rows, followed]. */
function backward(rows: Float32Array, projected: Float64Array, width: number, followed: number): Float64Array {
  const count = rows.length / width;
  const result = new Float64Array(width * followed);
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < width; i++) {
      const x = at(rows, row * width + i);
      for (let k = 0; k < followed; k++) {
        result[i * followed + k] = at(result, i * followed + k) + x * at(projected, row * followed + k);
      }
    }
  }
  return result;
}

/** Makes the columns of [n, columns] orthonormal, one after the other; one that depends on others becomes zero. */
function orthonormalize(matrix: Float64Array, columns: number): void {
  const rows = matrix.length / columns;
  for (let column = 0; column < columns; column++) {
    for (let other = 0; other < column; other++) {
      let product = 0;
      for (let i = 0; i < rows; i++) product += at(matrix, i * columns + column) * at(matrix, i * columns + other);
      for (let i = 0; i < rows; i++) {
        matrix[i * columns + column] = at(matrix, i * columns + column) - product * at(matrix, i * columns + other);
      }
    }
    let square = 0;
    for (let i = 0; i < rows; i++) square += at(matrix, i * columns + column) ** 2;
    const scale = square > 1e-24 ? 1 / Math.sqrt(square) : 0;
    for (let i = 0; i < rows; i++) matrix[i * columns + column] = at(matrix, i * columns + column) * scale;
  }
}

/** [rows, n]ᵀ · [rows, n]. */
function gram(matrix: Float64Array, n: number): Float64Array {
  const result = new Float64Array(n * n);
  for (let start = 0; start < matrix.length; start += n) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++)
        result[i * n + j] = at(result, i * n + j) + at(matrix, start + i) * at(matrix, start + j);
    }
  }
  return result;
}

/** Eigenvalues and vectors (as columns) of a small symmetric matrix, by Jacobi's rotations. */
function symmetricEigen(matrix: Float64Array, n: number): { values: number[]; vectors: Float64Array } {
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1;
  for (let sweep = 0; sweep < 60; sweep++) {
    let rotated = false;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) rotated = rotate(matrix, vectors, n, p, q) || rotated;
    }
    if (!rotated) break;
  }
  return { values: Array.from({ length: n }, (_, i) => at(matrix, i * n + i)), vectors };
}

/** Turns axes p and q so that they have nothing in common; whether that was needed. */
function rotate(matrix: Float64Array, vectors: Float64Array, n: number, p: number, q: number): boolean {
  const [app, aqq, apq] = [at(matrix, p * n + p), at(matrix, q * n + q), at(matrix, p * n + q)];
  if (Math.abs(apq) <= 1e-14 * Math.sqrt(Math.abs(app * aqq)) || apq === 0) return false;
  const theta = (aqq - app) / (2 * apq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < n; k++) {
    const [akp, akq] = [at(matrix, k * n + p), at(matrix, k * n + q)];
    matrix[k * n + p] = c * akp - s * akq;
    matrix[k * n + q] = s * akp + c * akq;
  }
  for (let k = 0; k < n; k++) {
    const [apk, aqk] = [at(matrix, p * n + k), at(matrix, q * n + k)];
    matrix[p * n + k] = c * apk - s * aqk;
    matrix[q * n + k] = s * apk + c * aqk;
    const [vkp, vkq] = [at(vectors, k * n + p), at(vectors, k * n + q)];
    vectors[k * n + p] = c * vkp - s * vkq;
    vectors[k * n + q] = s * vkp + c * vkq;
  }
  return true;
}
