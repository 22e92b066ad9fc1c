/** Lines that hold nothing but times, or a hash over them. */
const timeLines = /^(Time spent:|End of script\.).*\n/gm;
const spans = /\b\d+(\.\d+)? ?(s|sec|seconds)\b/g;
/** The last two columns of nextpnr's table of routing progress. */
const routingTimes = /\|\s+\d+\.\d+\s+\d+\.\d+\|$/gm;

/** A tool's log without the times that it took, so that equal work leaves equal logs. */
export function withoutTimes(log: string): string {
  return log.replace(timeLines, '').replace(routingTimes, '|').replace(spans, '- s');
}
