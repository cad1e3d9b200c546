export function unpacked(files: Map<string, Buffer>): Map<string, Buffer>;
export function differences(
  leftName: string,
  left: Map<string, Buffer>,
  rightName: string,
  right: Map<string, Buffer>,
): string[];
