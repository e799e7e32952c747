public import Alerting
public import Vocabulary

extension Store: AlertStore {
    public func openAlerts(then: @escaping @Sendable (Result<AlertOpening, StoreFault>) -> Void) {
        list(
            { connection in
                AlertOpening(
                    open: try AlertTable.open(on: connection),
                    pending: try AlertTable.pending(on: connection)
                )
            },
            then: then
        )
    }

    public func raise(
        _ alerts: [NewAlert],
        then: @escaping @Sendable (Result<[AlertOutbox.Item], StoreFault>) -> Void
    ) {
        perform(
            { connection in
                var added: [AlertOutbox.Item] = []
                for alert in alerts {
                    guard let (id, isPending) = try AlertTable.add(alert, on: connection), isPending else { continue }
                    added.append(AlertOutbox.Item(id: id, facts: alert.facts, raisedAt: alert.at))
                }
                if let now = alerts.last?.at {
                    try AlertTable.removeOld(before: now + (.zero - AlertLimits.kept), on: connection)
                }
                return added
            },
            then: then
        )
    }

    public func closeAlerts(_ names: [String], then: @escaping @Sendable (Result<Void, StoreFault>) -> Void) {
        perform({ connection in for name in names { try AlertTable.close(name, on: connection) } }, then: then)
    }

    public func note(_ delivery: AlertDelivery, then: @escaping @Sendable (Result<Void, StoreFault>) -> Void) {
        perform({ try AlertTable.note(delivery, on: $0) }, then: then)
    }

    public func alerts(
        before id: Int64?,
        atMost count: Int,
        then: @escaping @Sendable (Result<[AlertRecord], StoreFault>) -> Void
    ) {
        list({ try AlertTable.page(before: id, atMost: count, on: $0) }, then: then)
    }
}
