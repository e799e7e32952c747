import Vocabulary

// The state that operators see.
extension UpstreamGateState {
    func keys(of id: AccountID) -> [UpstreamKeyID] {
        accounts.first { $0.id == id }?.ring.slots.map(\.key.id) ?? []
    }

    /// The status of all accounts, sorted by identifier.
    func status(at now: Moment) -> [UpstreamAccountStatus] {
        accounts.sorted { $0.id.rawValue < $1.id.rawValue }.map { account in
            UpstreamAccountStatus(
                account: account.id,
                breaker: account.breaker.phase(at: now.steady),
                waiting: account.queue.count,
                keys: account.ring.slots.map { slot in
                    let id = slot.key.id
                    return slot.status(underWay: underWay(with: id), lastUsedAt: uses[id], at: now)
                }
            )
        }
    }

    var load: UpstreamGate.Load {
        UpstreamGate.Load(underWay: underWay, aside: aside, placesMax: placesMax, limits: limits)
    }

    /// Counted over all accounts: a key may have moved here from another account while requests were out with it.
    private func underWay(with key: UpstreamKeyID) -> Int { accounts.reduce(0) { $0 + $1.underWay(with: key) } }
}

extension UpstreamKeyRing.Slot {
    fileprivate func status(underWay: Int, lastUsedAt: Timestamp?, at now: Moment) -> UpstreamKeyStatus {
        let coolsFor = cooling.remaining(at: now.steady).map { $0 - now.steady }
        return UpstreamKeyStatus(
            id: key.id,
            account: key.account,
            state: state(isCooling: coolsFor != nil),
            coolingUntil: coolsFor.map { now.wall + $0 },
            quarantineReason: quarantine?.reason,
            isInTime: key.isInTime(at: now.wall),
            underWay: underWay,
            lastUsedAt: lastUsedAt
        )
    }

    private func state(isCooling: Bool) -> UpstreamKeyStatus.State {
        switch key.operatorState {
        case .draining: .draining
        case .disabled: .disabled
        case .active: quarantine != nil ? .quarantined : isCooling ? .cooling : .active
        }
    }
}
