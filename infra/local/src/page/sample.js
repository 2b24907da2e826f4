// A small picture as a customer might send: a dented parcel.

const WIDE = 240;
const HIGH = 160;

/** The picture as PNG in Base64, without the prefix of a data URL. */
export function samplePicture() {
  const canvas = document.createElement("canvas");
  canvas.width = WIDE;
  canvas.height = HIGH;
  const draw = canvas.getContext("2d");
  const shape = (colour, ...points) => {
    draw.fillStyle = colour;
    draw.beginPath();
    for (const [x, y] of points) draw.lineTo(x, y);
    draw.fill();
  };
  shape("#dfe9ee", [0, 0], [WIDE, 0], [WIDE, HIGH], [0, HIGH]);
  shape("#b9a58c", [0, 120], [WIDE, 120], [WIDE, HIGH], [0, HIGH]);
  shape("#e0b577", [60, 50], [120, 32], [180, 50], [120, 68]); // the lid
  shape("#c9975a", [60, 50], [120, 68], [120, 140], [60, 118]);
  shape("#b07f45", [180, 50], [120, 68], [120, 140], [180, 118]);
  shape("#f2e3c4", [86, 42], [100, 38], [160, 56], [146, 60]); // the tape
  shape("#6f4c25", [140, 82], [168, 70], [158, 96], [164, 112], [146, 104]); // the dent
  return canvas.toDataURL("image/png").split(",")[1];
}
