const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `1,234,567` */
export function countText(value: number): string {
  return grouped.format(value);
}

/** `1 event`, `2 events` */
export function eventsText(events: number): string {
  return `${countText(events)} ${events === 1 ? 'event' : 'events'}`;
}

const units = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `12 B`, `3.4 kB`, `1.2 GB`: thousands, not 1,024s. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value >= 100 || unit === 0 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

/** `42s`, `5m 3s`, `2h 5m`, `3d 4h` */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [days, hours, minutes] = [
    Math.floor(whole / 86_400),
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 60) % 60,
  ];
  if (days > 0) return `${days}d ${hours}h`;
  if (hours > 0) return `${hours}h ${minutes}m`;
  if (minutes > 0) return `${minutes}m ${whole % 60}s`;
  return `${whole}s`;
}

const bars = '▁▂▃▄▅▆▇█';

/** A chart of one line, the latest value at the right. */
export function sparkline(values: readonly number[], columns: number): string {
  if (columns <= 0) return '';
  const shown = values.slice(-columns);
  const most = Math.max(...shown, 0);
  return shown
    .map((value) => bars[most === 0 ? 0 : Math.round((value / most) * (bars.length - 1))])
    .join('');
}
