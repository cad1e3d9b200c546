/** Events were sent in a circle, by a `relabel` that leads back to itself. */
export class RelabelLoopError extends Error {
  readonly code = 'ERR_SLUICE_RELABEL_LOOP';

  constructor(
    readonly label: string,
    readonly tag: string,
  ) {
    super(`the events of tag "${tag}" go in a circle: @label ${label} leads back to this relabel`);
    this.name = 'RelabelLoopError';
  }
}
