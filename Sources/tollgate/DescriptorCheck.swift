import Configuration
import Observability
import Transport

/// Compares the needs of a configuration with the descriptors that the process may open.
struct DescriptorCheck {
    private let plan: DescriptorPlan
    private let connectionsMax: Int
    private let limitBefore: Int?

    /// - Parameters:
    ///   - workers: the number of workers.
    ///   - limitBefore: the limit before this program raised it; nil when it did not just try to.
    init(_ configuration: GatewayConfiguration, workers: Int, limitBefore: Int?) {
        plan = DescriptorPlan(
            limit: DescriptorLimit.current,
            workers: workers,
            vendorConnections: configuration.upstream.concurrencyMax
        )
        connectionsMax = configuration.listen.connectionsMax
        self.limitBefore = limitBefore
    }

    /// Refuses to start a gateway that could not serve one client. This must come before anything is opened: some
    /// libraries end the process when no descriptor is left.
    func refuseIfTooFew() throws(UsageFault) {
        guard plan.connections == 0 || !DescriptorLimit.canOpen(plan.freeMin) else { return }
        throw UsageFault(
            description: "the process may open \(plan.limit) files (RLIMIT_NOFILE), some of which may be open already, "
                + "and a gateway with so many workers needs \(plan.limitMin) at least; raise the limit (ulimit -n, "
                + "LimitNOFILE) or lower listen.workers"
        )
    }

    /// Logs that the limit was raised, and that `max_connections` cannot be reached; further clients wait in the
    /// kernel.
    func report() {
        if let limitBefore, limitBefore != plan.limit {
            ProcessLog.info("descriptor_limit_raised", ["from": String(limitBefore), "to": String(plan.limit)])
        }
        guard plan.connections < connectionsMax else { return }
        ProcessLog.warning(
            "max_connections_above_descriptors",
            [
                "max_connections": String(connectionsMax), "connections": String(plan.connections),
                "limit": String(plan.limit), "own": String(plan.own), "reserved": String(plan.reserve),
            ]
        )
    }
}
