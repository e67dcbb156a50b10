// Geometry of outlines in the page: what has to follow the hand at once. The same formulas as
// kontur.edit.moves, whose answer takes the place of what is drawn here.

/** @typedef {[number, number]} Point */
/** @typedef {Float64Array} Ring  flat: x, y, x, y …; open */
/** @typedef {{x0: number, y0: number, x1: number, y1: number}} Box */

/**
 * The box of all rings of an object.
 * @param {Ring[][]} parts
 * @returns {Box}
 */
export function boxOf(parts) {
  const box = { x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity };
  for (const part of parts) {
    const ring = part[0];
    for (let i = 0; i < ring.length; i += 2) {
      box.x0 = Math.min(box.x0, ring[i]);
      box.x1 = Math.max(box.x1, ring[i]);
      box.y0 = Math.min(box.y0, ring[i + 1]);
      box.y1 = Math.max(box.y1, ring[i + 1]);
    }
  }
  return box;
}

/**
 * The area of an object, holes taken out.
 * @param {Ring[][]} parts
 */
export function areaOf(parts) {
  let total = 0;
  for (const part of parts) {
    part.forEach((ring, i) => {
      total += (i === 0 ? 1 : -1) * Math.abs(signedArea(ring));
    });
  }
  return total;
}

/** @param {Ring} ring */
export function signedArea(ring) {
  let twice = 0;
  for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
    twice += ring[j] * ring[i + 1] - ring[i] * ring[j + 1];
  }
  return twice / 2;
}

/**
 * Whether a point lies inside an object, by the even-odd rule over all of its rings.
 * @param {Ring[][]} parts
 * @param {number} x
 * @param {number} y
 */
export function contains(parts, x, y) {
  let inside = false;
  for (const part of parts) {
    for (const ring of part) {
      for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
        const yi = ring[i + 1];
        const yj = ring[j + 1];
        if (yi > y !== yj > y && x < ((ring[j] - ring[i]) * (y - yi)) / (yj - yi) + ring[i]) {
          inside = !inside;
        }
      }
    }
  }
  return inside;
}

/**
 * The vertex nearest to a point.
 * @param {Ring[][]} parts
 * @param {number} x
 * @param {number} y
 */
export function nearestVertex(parts, x, y) {
  let best = { part: 0, ring: 0, index: 0, distance: Infinity };
  parts.forEach((rings, part) =>
    rings.forEach((points, ring) => {
      for (let i = 0; i < points.length; i += 2) {
        const distance = Math.hypot(points[i] - x, points[i + 1] - y);
        if (distance < best.distance) best = { part, ring, index: i / 2, distance };
      }
    }),
  );
  return best;
}

/**
 * How far a point is from the outline of an object.
 * @param {Ring[][]} parts
 * @param {number} x
 * @param {number} y
 */
export function distanceToOutline(parts, x, y) {
  let best = Infinity;
  for (const part of parts) {
    for (const ring of part) {
      for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
        best = Math.min(best, distanceToSegment(x, y, ring[j], ring[j + 1], ring[i], ring[i + 1]));
      }
    }
  }
  return best;
}

/**
 * @param {number} x @param {number} y
 * @param {number} x0 @param {number} y0 @param {number} x1 @param {number} y1
 */
function distanceToSegment(x, y, x0, y0, x1, y1) {
  const dx = x1 - x0;
  const dy = y1 - y0;
  const squared = dx * dx + dy * dy || 1e-300;
  const along = Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / squared));
  return Math.hypot(x - x0 - along * dx, y - y0 - along * dy);
}

/**
 * How much of a drag each vertex of a ring follows: 1 where it is grabbed, 0 from the radius on.
 * @param {Ring} ring
 * @param {number} grabbed  the index of the vertex
 * @param {number} radius  along the ring, in pixels of the image
 */
export function falloff(ring, grabbed, radius) {
  const n = ring.length / 2;
  const share = new Float64Array(n);
  share[grabbed] = 1;
  if (!(radius > 0)) return share;
  const travelled = new Float64Array(n + 1);
  for (let k = 0; k < n; k++) {
    const i = ((grabbed + k) % n) * 2;
    const j = ((grabbed + k + 1) % n) * 2;
    travelled[k + 1] = travelled[k] + Math.hypot(ring[j] - ring[i], ring[j + 1] - ring[i + 1]);
  }
  for (let k = 0; k < n; k++) {
    const along = Math.min(travelled[k], travelled[n] - travelled[k]);
    if (along < radius) share[(grabbed + k) % n] = (1 + Math.cos((Math.PI * along) / radius)) / 2;
  }
  return share;
}

/**
 * An object with one of its rings dragged.
 * @param {Ring[][]} parts
 * @param {{part: number, ring: number, index: number}} at
 * @param {number} dx
 * @param {number} dy
 * @param {number} radius
 * @returns {Ring[][]}
 */
export function dragged(parts, at, dx, dy, radius) {
  const ring = parts[at.part][at.ring];
  const share = falloff(ring, at.index, radius);
  const moved = Float64Array.from(ring);
  for (let i = 0; i < share.length; i++) {
    moved[2 * i] += share[i] * dx;
    moved[2 * i + 1] += share[i] * dy;
  }
  return parts.map((rings, p) =>
    p !== at.part ? rings : rings.map((each, r) => (r === at.ring ? moved : each)),
  );
}

/**
 * The places of the vertices of a ring that matter at a tolerance (Douglas and Peucker), for
 * drawing from afar; at least three.
 * @param {Ring} ring
 * @param {number} tolerance  pixels of the image
 * @returns {Ring}
 */
export function simplified(ring, tolerance) {
  const n = ring.length / 2;
  if (n <= 4) return ring;
  const keep = new Uint8Array(n);
  let far = 0;
  let most = -1;
  for (let i = 1; i < n; i++) {
    const d = (ring[2 * i] - ring[0]) ** 2 + (ring[2 * i + 1] - ring[1]) ** 2;
    if (d > most) {
      most = d;
      far = i;
    }
  }
  keep[0] = keep[far] = 1;
  /** @type {[number, number][]} */
  const waiting = [
    [0, far],
    [far, n],
  ];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [a, b] = next;
    const e = (b % n) * 2;
    let worst = tolerance;
    let at = -1;
    for (let i = a + 1; i < b; i++) {
      const d = distanceToSegment(
        ring[2 * i], ring[2 * i + 1], ring[2 * a], ring[2 * a + 1], ring[e], ring[e + 1],
      );
      if (d > worst) {
        worst = d;
        at = i;
      }
    }
    if (at > 0) {
      keep[at] = 1;
      waiting.push([a, at], [at, b]);
    }
  }
  let count = 0;
  for (let i = 0; i < n; i++) count += keep[i];
  if (count < 3) return ring.length > 16 ? everyNth(ring, Math.ceil(n / 6)) : ring;
  const out = new Float64Array(2 * count);
  for (let i = 0, k = 0; i < n; i++) {
    if (keep[i]) {
      out[k++] = ring[2 * i];
      out[k++] = ring[2 * i + 1];
    }
  }
  return out;
}

/** @param {Ring} ring @param {number} step */
function everyNth(ring, step) {
  /** @type {number[]} */
  const out = [];
  for (let i = 0; i < ring.length; i += 2 * step) out.push(ring[i], ring[i + 1]);
  return Float64Array.from(out);
}

/**
 * A line drawn by hand without the points that are nearer than `least` to the one before.
 * @param {Point[]} line
 * @param {number} least
 * @returns {Point[]}
 */
export function thinned(line, least) {
  /** @type {Point[]} */
  const out = [];
  for (const point of line) {
    const last = out[out.length - 1];
    if (!last || Math.hypot(point[0] - last[0], point[1] - last[1]) >= least) out.push(point);
  }
  return out;
}

/**
 * A line by points that lie nowhere further apart than a distance.
 * @param {Point[]} line @param {number} most
 */
export function dotted(line, most) {
  const out = line.slice(0, 1);
  for (let i = 1; i < line.length; i++) {
    const [[x0, y0], [x1, y1]] = [line[i - 1], line[i]];
    const steps = Math.ceil(Math.hypot(x1 - x0, y1 - y0) / most);
    for (let k = 1; k <= steps; k++) out.push([x0 + ((x1 - x0) * k) / steps, y0 + ((y1 - y0) * k) / steps]);
  }
  return out;
}
