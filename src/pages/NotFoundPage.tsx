import { Trans } from '@grafana/i18n';
import { LinkButton } from '@grafana/ui';
import { t } from '../i18n.ts';
import { Empty } from '../components/states.tsx';
import { PageFrame } from '../components/PageFrame.tsx';
import { href } from '../constants.ts';

export default function NotFoundPage() {
  return (
    <PageFrame title={t('pages.not-found.title', 'Page not found')}>
      <Empty
        title={t('pages.not-found.message', 'There is no such page in OpenClaw Fleet')}
        button={
          <LinkButton href={href.fleet()}>
            <Trans i18nKey="pages.not-found.button">Go to the fleet</Trans>
          </LinkButton>
        }
      />
    </PageFrame>
  );
}
