import fc from "fast-check";

/**
 * Properties are tried with the same examples at every run, so that a test that fails tells of the change that is
 * tested and not of the day. Other examples: `PARLEY_PROPERTY_SEED=2 npm test`; what they find becomes an `examples`
 * of its property.
 */
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env.PARLEY_PROPERTY_SEED ?? 1) });
