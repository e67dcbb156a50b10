// Colours: those of classes, which are the server's, as in every file that it writes.

/** @type {string[]} */ let palette = [];

/** @param {string[]} colours  "#rrggbb" */
export function usePalette(colours) {
  palette = colours;
}

/** @param {number} label */
export const classColour = (label) => palette[label % palette.length];

/** @param {string} hex @returns {[number, number, number]} */
export function rgbOf(hex) {
  const number = parseInt(hex.slice(1), 16);
  return [(number >> 16) & 255, (number >> 8) & 255, number & 255];
}
