import { describe, expect, it } from '@jest/globals';
import { screen } from '@testing-library/react';
import { FleetError } from '../api/client.ts';
import { show } from '../testing/render.tsx';
import { Loadable } from './Loadable.tsx';
import type { Readable } from './Loadable.tsx';

const away = new FleetError('unreachable', 502, 'Grafana cannot reach the collector.');
const query = (over: Partial<Readable<string>> = {}): Readable<string> => ({
  data: undefined,
  error: null,
  dataUpdatedAt: 0,
  refetch: () => undefined,
  ...over,
});
const shown = (over: Partial<Readable<string>>, loading?: string) =>
  show(
    <Loadable query={query(over)} {...(loading !== undefined && { loading })}>
      {(data) => <p>{data}</p>}
    </Loadable>
  );

describe('Loadable', () => {
  it('says that it loads, or shows what stands for it', () => {
    shown({});
    expect(screen.getByText('Loading…')).toBeVisible();
    shown({}, 'A grey box');
    expect(screen.getByText('A grey box')).toBeVisible();
  });

  it('shows what came', () => {
    shown({ data: 'the fleet' });
    expect(screen.getByText('the fleet')).toBeVisible();
    expect(screen.queryByText('Loading…')).not.toBeInTheDocument();
  });

  it('says why nothing came, and tries again', async () => {
    let asked = 0;
    const { user } = show(
      <Loadable query={query({ error: away, refetch: () => (asked += 1) })}>{(data) => <p>{data}</p>}</Loadable>
    );
    expect(screen.getByText('The collector cannot be reached')).toBeVisible();
    expect(screen.queryByText(/What is shown was read/)).not.toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(asked).toBe(1);
  });

  it('keeps what came last beside the failure, and says how old it is', () => {
    shown({ data: 'the fleet', error: away, dataUpdatedAt: Date.now() - 120_000 });
    expect(screen.getByText('the fleet')).toBeVisible();
    expect(screen.getByText('The collector cannot be reached')).toBeVisible();
    expect(screen.getByText('2 min ago')).toBeVisible();
  });

  it('shows what is empty, which is no lack of data', () => {
    show(
      <Loadable query={{ ...query(), data: '' }}>{(data) => <p>{data === '' ? 'Nothing there' : data}</p>}</Loadable>
    );
    expect(screen.getByText('Nothing there')).toBeVisible();
  });
});
