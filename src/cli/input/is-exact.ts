/**
 * Whether a JSON number keeps its value when JavaScript parses it and serializes it again.
 *
 * An integer must keep every digit, since it may be an id. A fraction that was a double to begin with may lose digits
 * beyond those that distinguish one double from the next: 0.10000000000000001, as many programs write 0.1, is sent as
 * 0.1.
 */
export function isExact(written: string): boolean {
  if (/^-?\d{1,15}$/.test(written)) return true;
  const value = Number(written);
  const sent = JSON.stringify(value);
  const decimal = decimalOf(written);
  if (decimal === decimalOf(sent)) return true;
  const digits = digitsOf(written).replace(/^0+/, "").length;
  const isFraction = Number.isFinite(value) && !Number.isInteger(value);
  return isFraction && digits <= 100 && decimal === decimalOf(value.toPrecision(digits));
}

/** Returns the decimal that a number denotes, in a canonical form; `-0` is 0. */
function decimalOf(number: string): string {
  const exponent = Number(/e(.*)/i.exec(number)?.[1] ?? 0);
  const scale = /\.(\d*)/.exec(number)?.[1]?.length ?? 0;
  const digits = digitsOf(number);
  const significant = digits.replace(/0+$/, "");
  const power = exponent - scale + digits.length - significant.length;
  const bare = significant.replace(/^0+/, "");
  return bare === "" && digits !== "" ? "0" : `${number.startsWith("-") ? "-" : ""}${bare}e${power}`;
}

/** Returns all digits before the exponent. */
function digitsOf(number: string): string {
  return number.replace(/e.*/i, "").replace(/\D/g, "");
}
