/** How a number is shown and entered: its unit, and what of the contract's unit one of it is. */
export interface NumberField {
  readonly unit: 'seconds' | 'percent' | 'MiB' | 'count' | 'points';
  readonly scale: number;
  /** In the unit shown. */
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
}

const MiB = 1024 * 1024;
const percent = (least: number, most: number): NumberField => ({
  unit: 'percent',
  scale: 0.01,
  least,
  most,
  whole: false,
});
const count = (least: number, most: number): NumberField => ({ unit: 'count', scale: 1, least, most, whole: true });

/** Numbers of a profile by their place in it. What a person leaves empty has its default. */
export const NUMBERS = {
  'desired.maxSyncLagMs': { unit: 'seconds', scale: 1000, least: 1, most: 86_400, whole: false },
  'limits.cpuPct': { unit: 'percent', scale: 1, least: 0, most: 100_000, whole: false },
  'limits.memUsedBytes': { unit: 'MiB', scale: MiB, least: 0, most: 8_000_000_000, whole: false },
  'limits.queueDepth': count(0, 9e15),
  'limits.failedPushes1h': count(0, 9e15),
  'limits.jobFailureRatio': percent(0, 100),
  'limits.minimumScore': { unit: 'points', scale: 1, least: 0, most: 100, whole: false },
  'guardrails.attempts': count(1, 3),
  'guardrails.inFlightShare': percent(0, 20),
  'guardrails.inFlightMost': count(1, 50),
  'guardrails.blastShare': percent(0, 20),
  'guardrails.planMost': count(1, 50),
  'guardrails.criticalTwo': count(0, 10),
  'guardrails.breakerRate': percent(50, 100),
  'guardrails.breakerLeast': count(1, 5),
  'guardrails.witnessAsks': count(3, 10),
} as const satisfies Record<string, NumberField>;
export type NumberName = keyof typeof NUMBERS;

export const TEXTS = [
  'name',
  'description',
  'owner',
  'desired.bridgeVersion',
  'desired.configRevision',
  'minimumBridgeVersion',
] as const;
export type TextName = (typeof TEXTS)[number];

export const FLAGS = ['desired.allowAutoRemediation', 'requireSignature', 'guardrails.automation'] as const;
export type FlagName = (typeof FLAGS)[number];

export const LISTS = ['desired.requiredCapabilities', 'requiredTags'] as const;
export type ListName = (typeof LISTS)[number];

export const CHOICES = ['driftMode', 'unknownConfigSeverity'] as const;
export type ChoiceName = (typeof CHOICES)[number];

export type FieldName = NumberName | TextName | FlagName | ListName | ChoiceName;

/** What a person edits: each field of a profile by its place, as the collector names it in what it refuses. */
export type PolicyForm = Readonly<
  Record<NumberName | TextName | ChoiceName, string> & Record<FlagName, boolean> & Record<ListName, readonly string[]>
>;

export const FIELD_NAMES: readonly FieldName[] = [
  'name',
  'description',
  'owner',
  'driftMode',
  'desired.allowAutoRemediation',
  'desired.bridgeVersion',
  'minimumBridgeVersion',
  'desired.configRevision',
  'unknownConfigSeverity',
  'desired.maxSyncLagMs',
  'desired.requiredCapabilities',
  'requireSignature',
  'limits.cpuPct',
  'limits.memUsedBytes',
  'limits.queueDepth',
  'limits.failedPushes1h',
  'limits.jobFailureRatio',
  'limits.minimumScore',
  'requiredTags',
  'guardrails.automation',
  'guardrails.attempts',
  'guardrails.inFlightShare',
  'guardrails.inFlightMost',
  'guardrails.blastShare',
  'guardrails.planMost',
  'guardrails.criticalTwo',
  'guardrails.breakerRate',
  'guardrails.breakerLeast',
  'guardrails.witnessAsks',
];

const isIn = <T extends string>(list: readonly T[], name: string): name is T =>
  (list as readonly string[]).includes(name);
export const isNumber = (name: FieldName): name is NumberName => Object.hasOwn(NUMBERS, name);
export const isFlag = (name: FieldName): name is FlagName => isIn(FLAGS, name);
export const isList = (name: FieldName): name is ListName => isIn(LISTS, name);
export const isField = (name: string): name is FieldName => isIn(FIELD_NAMES, name);
