import { expect, it } from '@jest/globals';
import { screen } from '@testing-library/react';
import { show } from '../testing/render.tsx';
import { answers, grafanaSays, server } from '../testing/server.ts';
import { useMe } from './fleet.ts';

const Me = () => <p>{useMe().data?.actor ?? 'nobody yet'}</p>;

it('asks again for what is read once, until it came: the collector may be away while a page opens', async () => {
  answers(grafanaSays('getMe', 502));
  show(<Me />);
  await screen.findByText('nobody yet');
  server.resetHandlers();
  expect(await screen.findByText(/^grafana:/, undefined, { timeout: 15_000 })).toBeVisible();
});
