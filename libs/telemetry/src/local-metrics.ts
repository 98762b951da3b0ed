import {
  Counter,
  type CounterConfiguration,
  Gauge,
  type GaugeConfiguration,
  Histogram,
  type HistogramConfiguration,
} from "prom-client";

/**
 * Metrics that are counted in a field and told to prom-client when somebody asks: its own `inc`, `set` and `observe` hash
 * their labels at each call, which was a twentieth of what a message costs.
 */
export interface Labelled {
  readonly [label: string]: string;
}

/** Counts up. */
export interface LocalCounter {
  inc(by?: number): void;
}

export class LocalCounters extends Counter {
  readonly #children: { readonly labels: Labelled; pending: number }[] = [];

  constructor(options: CounterConfiguration<string>) {
    super({
      ...options,
      collect: () => {
        for (const child of this.#children) {
          this.inc(child.labels, child.pending);
          child.pending = 0;
        }
      },
    });
  }

  local(labels: Labelled): LocalCounter {
    const child = { labels, pending: 0 };
    this.#children.push(child);
    return {
      inc: (by = 1) => {
        child.pending += by;
      },
    };
  }
}

/** What stands now. */
export interface LocalGauge {
  set(value: number): void;
}

export class LocalGauges extends Gauge {
  readonly #children: { readonly labels: Labelled; value: number }[] = [];

  constructor(options: GaugeConfiguration<string>) {
    super({
      ...options,
      collect: () => {
        for (const { labels, value } of this.#children) this.set(labels, value);
      },
    });
  }

  local(labels: Labelled): LocalGauge {
    const child = { labels, value: 0 };
    this.#children.push(child);
    return {
      set: (value) => {
        child.value = value;
      },
    };
  }
}

/** Values by bucket. */
export interface LocalHistogram {
  observe(value: number): void;
  /** Seconds until the function that it returns is called. */
  startTimer(): () => void;
}

interface Buckets {
  readonly labels: Labelled;
  /** Of each bound, values up to it and above the one before. */
  readonly counts: Float64Array;
  count: number;
  sum: number;
}

/** Keeps its buckets itself, since prom-client's take only one value at a time. */
export class LocalHistograms extends Histogram {
  readonly #bounds: readonly number[];
  readonly #children: Buckets[] = [];
  readonly #about: { readonly name: string; readonly help: string };

  constructor(options: HistogramConfiguration<string> & { readonly buckets: number[] }) {
    super(options);
    this.#bounds = options.buckets;
    this.#about = options;
  }

  local(labels: Labelled): LocalHistogram {
    const bounds = this.#bounds;
    const child: Buckets = { labels, counts: new Float64Array(bounds.length), count: 0, sum: 0 };
    this.#children.push(child);
    const observe = (value: number): void => {
      child.count += 1;
      child.sum += value;
      for (let at = 0; at < bounds.length; at++) {
        if (value > (bounds[at] ?? 0)) continue;
        child.counts[at] = (child.counts[at] ?? 0) + 1;
        return;
      }
    };
    return {
      observe,
      startTimer: () => {
        const startedAt = performance.now();
        return () => observe((performance.now() - startedAt) / 1_000);
      },
    };
  }

  /** What the registry and `get` ask for. **Source**: prom-client 15, lib/histogram.js. */
  async getForPromString() {
    const { name, help } = this.#about;
    const values = this.#children.flatMap(({ labels, counts, count, sum }) => {
      let upTo = 0;
      const buckets = this.#bounds.map((le, at) => {
        upTo += counts[at] ?? 0;
        return { metricName: `${name}_bucket`, labels: { le }, sharedLabels: labels, value: upTo };
      });
      return [
        ...buckets,
        { metricName: `${name}_bucket`, labels: { le: "+Inf" }, sharedLabels: labels, value: count },
        { metricName: `${name}_sum`, labels: {}, sharedLabels: labels, value: sum },
        { metricName: `${name}_count`, labels: {}, sharedLabels: labels, value: count },
      ];
    });
    return { name, help, type: "histogram", aggregator: "sum", values };
  }
}
