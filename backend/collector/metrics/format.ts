/** Text of a label value between its quotes: backslash, quote and newline escaped (Prometheus text format 0.0.4). */
export function escapeLabelValue(value: string): string {
  const text = value.isWellFormed() ? value : value.toWellFormed();
  if (!NEEDS_ESCAPE.test(text)) return text;
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
const NEEDS_ESCAPE = /[\\"\n]/;

/** Text of a HELP line: backslash and newline escaped. */
export function escapeHelp(help: string): string {
  return help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

/** A sample's value as Prometheus reads it. */
export function formatValue(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : 'NaN';
}

const THOUSANDTHS = Array.from({ length: 1000 }, (_, ms) =>
  ms === 0 ? '' : '.' + String(ms).padStart(3, '0').replace(/0+$/, '')
);

/** Milliseconds as seconds. Integers, which is all a clock gives, avoid the costly shortest-decimal search of a double. */
export function formatMillis(ms: number): string {
  if (!Number.isSafeInteger(ms)) return formatValue(ms / 1000);
  if (ms < 0) return '-' + formatMillis(-ms);
  const rest = ms % 1000;
  return String((ms - rest) / 1000) + (THOUSANDTHS[rest] ?? '');
}
