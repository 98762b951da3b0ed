declare module "cluster-key-slot" {
  /** CRC16 of the key (or of its {hash tag}) modulo 16,384, as Redis Cluster assigns keys to slots. */
  export default function calculateSlot(key: string): number;
}
