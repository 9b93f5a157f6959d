const text = { type: 'string' } as const;
const texts = { type: 'array', items: text, uniqueItems: true } as const;
const words = { type: 'array', items: text } as const;
const duration = { type: 'string', format: 'duration' } as const;
const size = { type: 'string', pattern: '^[0-9]+[kmg]$' } as const;
const named = (schema: object) =>
  ({ type: 'object', patternProperties: { '^[a-z][a-z0-9-]*$': schema }, additionalProperties: false }) as const;
const closed = (properties: object, required: readonly string[] = []) =>
  ({ type: 'object', properties, required, additionalProperties: false }) as const;

const healthcheck = closed(
  {
    test: { type: 'array', items: text, contains: { const: 'CMD' }, minItems: 2 },
    interval: duration,
    timeout: duration,
    start_period: duration,
    retries: { type: 'integer', minimum: 1 },
  },
  ['test', 'interval']
);

const volume = {
  oneOf: [
    { type: 'string', pattern: '^(\\./)?[\\w./-]+:/[\\w./-]+(:ro)?$' },
    closed(
      {
        type: { const: 'volume' },
        source: text,
        target: { type: 'string', pattern: '^/' },
        read_only: { type: 'boolean' },
        volume: closed({ nocopy: { type: 'boolean' } }),
      },
      ['type', 'source', 'target']
    ),
  ],
} as const;

const service = closed(
  {
    image: text,
    build: closed({ context: text, target: text }, ['context', 'target']),
    user: { type: 'string', pattern: '^[0-9]+:[0-9]+$' },
    network_mode: { type: 'string', pattern: '^(none|service:[a-z]+)$' },
    read_only: { type: 'boolean' },
    init: { type: 'boolean' },
    cap_drop: texts,
    security_opt: texts,
    restart: { enum: ['no', 'always', 'on-failure', 'unless-stopped'] },
    ports: texts,
    entrypoint: words,
    command: words,
    environment: { type: 'object', patternProperties: { '^[A-Z][A-Z0-9_]*$': text }, additionalProperties: false },
    depends_on: named(
      closed({ condition: { enum: ['service_started', 'service_healthy', 'service_completed_successfully'] } }, [
        'condition',
      ])
    ),
    healthcheck,
    volumes: { type: 'array', items: volume, uniqueItems: true },
    tmpfs: { type: 'array', items: { type: 'string', pattern: '^/[\\w/-]+:' } },
    mem_limit: size,
    pids_limit: { type: 'integer', minimum: 1 },
    stop_grace_period: duration,
    logging: closed({ driver: text, options: { type: 'object', additionalProperties: text } }, ['driver']),
  },
  ['image']
);

/**
 * What docker-compose.yml may say, by the Compose Specification (github.com/compose-spec/compose-spec): narrower than it, so
 * that what passes here passes there. `duration` is that of Compose, such as `1m30s`.
 */
export const COMPOSE_SCHEMA = closed(
  {
    name: { type: 'string', pattern: '^[a-z0-9][a-z0-9_-]*$' },
    services: named(service),
    volumes: named({ type: 'null' }),
  },
  ['services']
);

export const COMPOSE_DURATION = /^([0-9]+(us|ms|s|m|h))+$/;
