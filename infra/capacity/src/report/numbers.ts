/** As people read it: three significant digits below 100, whole numbers above, thousands apart. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  // Without an exponent, which a small coefficient would else be shown with.
  return new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 }).format(value);
}

/** 10 k, 1 M, 2.5 G: how many users. */
export function formatUsers(value: number): string {
  for (const [size, letter] of [
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    if (value >= size)
      return `${new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 }).format(value / size)} ${letter}`;
  }
  return formatNumber(value);
}

export function formatShare(share: number): string {
  const percent = share * 100;
  return percent > 0 && percent < 0.1 ? "< 0.1 %" : `${percent < 10 ? percent.toFixed(1) : percent.toFixed(0)} %`;
}
