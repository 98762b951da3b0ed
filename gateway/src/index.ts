export { type GatewayConfig, gatewayConfig, readGatewayConfig } from "./config.ts";
export { type Gateway, type GatewayPorts, startGateway } from "./gateway.ts";
