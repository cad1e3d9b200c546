export { monitorAgentInput } from './monitor-agent.js';
