/** Events were sent in a circle, by outputs that hand them on. */
export class RouteLoopError extends Error {
  readonly code = 'ERR_SLUICE_ROUTE_LOOP';
  override readonly name = 'RouteLoopError';

  constructor(
    readonly label: string,
    readonly tag: string,
  ) {
    super(
      `the events of tag "${tag}" go in a circle: outputs in ${label} lead back to where they came from`,
    );
  }
}
