import { describe, expect, test } from "vitest";
import { boundBy, loadsOf, namesOf } from "./process-load.ts";

describe("what bounds a rate", () => {
  test("a process that is alone in its role has no number", () => {
    const roles = ["gateway", "gateway", "presence", "gateway"].map((role) => ({ role }));
    expect(namesOf(roles)).toEqual(["gateway 1", "gateway 2", "presence", "gateway 3"]);
  });

  test("CPU is told of one core, by process", () => {
    const processes = [{ use: "server", role: "gateway", pid: 7 }] as const;
    const figures = { seconds: 4, processes: [{ pid: 7, cpuS: 3, poolCpuS: 0, residentBytes: 0 }] };
    expect(loadsOf(processes, figures)).toEqual([{ name: "gateway", cores: 0.75 }]);
  });

  const calm = { cores: 0.3, isBehind: false };

  test("the generator goes before all, since the figure is then its own", () => {
    const loads = [{ name: "gateway", cores: 0.95 }];
    const machine = { cores: 8, busyCores: 1.9 };
    expect(boundBy(loads, { cores: 0.86, isBehind: false }, machine)).toMatch(/^the generator .* gateway \(0\.95/);
    expect(boundBy(loads, { cores: 0.85, isBehind: true }, machine)).toMatch(/^the generator/);
    expect(boundBy(loads, { cores: 0.85, isBehind: false }, machine)).toMatch(/^gateway/);
  });

  test("a full machine is a bound where no process is, and other work is named", () => {
    const loads = [
      { name: "gateway", cores: 0.8 },
      { name: "chat-server", cores: 0.6 },
    ];
    expect(boundBy(loads, calm, { cores: 2, busyCores: 1.7 })).toBe("nothing was full: 1.70 of 2 cores are busy");
    expect(boundBy(loads, calm, { cores: 2, busyCores: 1.8 })).toBe("the machine: 1.80 of 2 cores are busy");
    expect(boundBy([], calm, { cores: 8, busyCores: 0.9 })).toBe("other work took 0.60 of a core");
  });
});
