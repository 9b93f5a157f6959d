import { t } from '../../i18n.ts';
import { DataSourcePicker, getDataSourceSrv } from '@grafana/runtime';
import { Field, Input } from '@grafana/ui';

const TYPE = 'prometheus';

interface Props {
  /** Empty: the default one. */
  readonly uid: string;
  readonly onChange: (uid: string) => void;
}

/** Which Prometheus has the collector's metrics: picked, or by its uid while Grafana has none yet. */
export function PrometheusField({ uid, onChange }: Props) {
  const some = getDataSourceSrv().getList({ type: TYPE }).length > 0;
  return (
    <Field
      label={t('setup.prometheus.label', 'Prometheus data source')}
      description={
        some
          ? t(
              'setup.prometheus.description',
              'The one that scrapes the collector. Empty: the default Prometheus of this Grafana.'
            )
          : t(
              'setup.prometheus.none',
              'Grafana has no Prometheus data source yet. Add one, or enter the uid of one that is still to come; without, the pages of targets show no metrics.'
            )
      }
      htmlFor="setup-prometheus"
      noMargin
    >
      {some ? (
        <DataSourcePicker
          inputId="setup-prometheus"
          type={TYPE}
          current={uid === '' ? null : uid}
          noDefault
          onChange={(source) => onChange(source.uid)}
          onClear={() => onChange('')}
        />
      ) : (
        <Input id="setup-prometheus" value={uid} onChange={(event) => onChange(event.currentTarget.value)} />
      )}
    </Field>
  );
}
