public import Budgeting
public import Caching
public import UpstreamKeys

/// What the gateway needs kept, as its rooms state it. Results are stored with the endings of their reservations.
public typealias GatewayStore = Ledger<CachedResult> & ResultStore & KeyStates
