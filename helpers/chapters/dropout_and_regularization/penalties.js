// The twin of penalties.py: the same numbers, computed where they are dragged.

const LEVELS = [0.1, 0.6, 1.5, 2.8], SWEEPS = 200;
const TURN = Array.from({ length: 73 }, (_, n) => (2 * Math.PI * n) / 72);

function lasso([a, b], strength, r) {
  const w = [0, 0], best = [a, b];
  for (let step = 0; step < 2 * SWEEPS; step++) {
    const k = step % 2, alone = best[k] - r * (w[1 - k] - best[1 - k]);
    w[k] = Math.sign(alone) * Math.max(Math.abs(alone) - strength, 0);
  }
  return w;
}

function ridge([a, b], strength, r) {
  // (H + strength I) w = H w*, by the inverse of a 2x2 matrix
  const d = 1 + strength, det = d * d - r * r, g = [a + r * b, r * a + b];
  return [(d * g[0] - r * g[1]) / det, (d * g[1] - r * g[0]) / det];
}

const number = (v) => (Math.abs(v) < 1e-12 ? "0" : v.toFixed(3));
const pair = (w) => `(${w.map(number).join(", ")})`.replaceAll("-", "−");

export function scene({ optimum_w1, optimum_w2, strength, correlation: r }) {
  const best = [optimum_w1, optimum_w2];
  const contour = (level) => {
    const [p, q] = [1, -1].map((sign) => Math.sqrt((2 * Math.max(level, 0)) / (1 + sign * r) / 2));
    return TURN.map((t) => [best[0] + p * Math.cos(t) - q * Math.sin(t), best[1] + p * Math.cos(t) + q * Math.sin(t)]);
  };
  const side = (name, w, ball) => {
    const [a, b] = [w[0] - best[0], w[1] - best[1]];
    return {
      [`${name} ball`]: { xy: ball },
      [`${name} contours`]: { xy: LEVELS.flatMap((level) => [null, ...contour(level)]).slice(1) },
      [`${name} contour`]: { xy: contour((a * a + b * b + 2 * r * a * b) / 2) },
      [`${name} optimum`]: { xy: [best], label: `loss alone: lowest at ${pair(best)}` },
      [name]: { xy: [w], label: `with the penalty: lowest at ${pair(w)}` },
      [`${name} handle`]: { xy: [best] },
    };
  };
  const w1 = lasso(best, strength, r), w2 = ridge(best, strength, r);
  const s = Math.abs(w1[0]) + Math.abs(w1[1]), length = Math.hypot(...w2);
  return {
    ...side("L1", w1, [[s, 0], [0, s], [-s, 0], [0, -s], [s, 0]]),
    ...side("L2", w2, TURN.map((t) => [length * Math.cos(t), length * Math.sin(t)])),
  };
}
