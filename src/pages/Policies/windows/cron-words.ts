import { t } from '../../../i18n.ts';
import { parseCron } from './cron.ts';

const dayNames = (): readonly string[] => [
  t('policies.day.sunday', 'Sunday'),
  t('policies.day.monday', 'Monday'),
  t('policies.day.tuesday', 'Tuesday'),
  t('policies.day.wednesday', 'Wednesday'),
  t('policies.day.thursday', 'Thursday'),
  t('policies.day.friday', 'Friday'),
  t('policies.day.saturday', 'Saturday'),
];

const two = (value: number): string => String(value).padStart(2, '0');

/** A schedule in words where it is a plain one: a time of each day, of some days of the week, or of a day of the month. */
export function cronWords(text: string): string {
  const plain = t('policies.cron.plain', 'at “{{text}}”', { text });
  const schedule = parseCron(text);
  if (schedule === null) return plain;
  const { minutes, hours, days, months, weekdays, eitherDay } = schedule;
  const [minute, hour] = [minutes[0], hours[0]];
  if (minutes.length > 1 || minute === undefined || hour === undefined || months.length < 12 || eitherDay) return plain;
  if (hours.length === 24 && days.length === 31 && weekdays.length === 7)
    return t('policies.cron.hourly', 'every hour at minute {{minute}}', { minute });
  if (hours.length > 1) return plain;
  const time = `${two(hour)}:${two(minute)}`;
  if (days.length < 31) {
    return days.length === 1
      ? t('policies.cron.monthly', 'on day {{day}} of each month at {{time}}', { day: days[0], time })
      : plain;
  }
  if (weekdays.length === 7) return t('policies.cron.daily', 'every day at {{time}}', { time });
  if (weekdays.join() === '1,2,3,4,5') return t('policies.cron.weekdays', 'Monday to Friday at {{time}}', { time });
  const names = weekdays.map((day) => dayNames()[day] ?? '');
  return t('policies.cron.weekly', 'every {{days}} at {{time}}', { days: names.join(', '), time });
}

const UNITS = [
  ['d', 1440],
  ['h', 60],
  ['min', 1],
] as const;

/** How long a window stays open, such as `2 d 16 h`. */
export function lengthWords(minutes: number): string {
  let rest = minutes;
  const parts = UNITS.flatMap(([unit, size]) => {
    const whole = Math.floor(rest / size);
    rest -= whole * size;
    return whole === 0 ? [] : [`${String(whole)} ${unit}`];
  });
  return parts.join(' ');
}
