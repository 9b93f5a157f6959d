import { availableParallelism } from 'node:os';

// Jest runs as ES modules (node --experimental-vm-modules): jose is ESM only and the code uses import.meta.
const transform = {
  '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } }],
};
const project = (displayName, testMatch) => ({
  displayName,
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform,
  testMatch: testMatch.map((glob) => `<rootDir>/${glob}`),
});

// What Grafana's packages bring as ES modules alone: Jest takes it through swc.
const ES_MODULES = [
  '@grafana/schema',
  '@react-hookz/web',
  '@ver0/deep-equal',
  '@wojtekmaj/date-utils',
  'd3',
  'd3-color',
  'd3-force',
  'd3-interpolate',
  'd3-scale-chromatic',
  'get-user-locale',
  'marked',
  'memoize',
  'mimic-function',
  'ol',
  'react-calendar',
  'react-colorful',
  'rxjs',
  'uuid',
  'until-async',
];
const parser = { syntax: 'typescript', tsx: true };
const app = {
  displayName: 'app',
  rootDir: import.meta.dirname,
  testEnvironment: '<rootDir>/src/testing/environment.mjs',
  testMatch: ['<rootDir>/src/**/*.test.{ts,tsx}'],
  setupFiles: ['<rootDir>/src/testing/polyfill.cjs'],
  setupFilesAfterEnv: ['<rootDir>/src/testing/setup.ts'],
  moduleNameMapper: {
    '\\.(css|scss|sass)$': 'identity-obj-proxy',
    'react-inlinesvg': '<rootDir>/.config/jest/mocks/react-inlinesvg.tsx',
  },
  transform: {
    '^.+\\.m?[tj]sx?$': [
      '@swc/jest',
      {
        jsc: { parser, target: 'es2024', transform: { react: { runtime: 'automatic' } } },
        module: { type: 'commonjs' },
      },
    ],
  },
  transformIgnorePatterns: [`node_modules/(?!.*(${ES_MODULES.join('|')})/.*)`],
};

export default {
  rootDir: import.meta.dirname,
  projects: [
    ...['contract', 'client', 'bridge', 'collector', 'simulator'].map((name) =>
      project(name, [`backend/${name}/**/*.test.ts`])
    ),
    app,
    project('preflight', ['tests/preflight/**/*.test.ts']),
    project(
      'integration',
      ['integration', 'conformance', 'compose'].map((folder) => `tests/${folder}/**/*.test.ts`)
    ),
  ],
  // Most of what takes long waits for other processes: two files at once, even on two cores.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  testTimeout: 60_000,
  reporters: ['default', '<rootDir>/scripts/lib/closing-line.mjs'],
};
