// Colours: of classes, safe for colour-blind eyes (Okabe and Ito 2008, black left out, brightened
// for thin lines on dark images).

export const CLASS_COLOURS = [
  "#ffb000", // amber
  "#4cc3ff", // sky
  "#ff6db6", // pink
  "#00c896", // green
  "#f0e442", // yellow
  "#ff7a33", // vermilion
  "#6c8cff", // blue
  "#e0e0e0", // light grey
];

/** @param {number} label */
export const classColour = (label) => CLASS_COLOURS[label % CLASS_COLOURS.length];

/** @param {string} hex @returns {[number, number, number]} */
export function rgbOf(hex) {
  const number = parseInt(hex.slice(1), 16);
  return [(number >> 16) & 255, (number >> 8) & 255, number & 255];
}
