/// What a reload may change, and what needs a new start.
extension GatewayConfiguration {
    /// Paths of members that differ and take effect only when the program is started again: `docs/settings.md` §1.
    public func changesNeedingRestart(from old: GatewayConfiguration) -> [String] {
        var paths: [String] = []
        if listen.address != old.listen.address { paths.append("listen.address") }
        if listen.workers != old.listen.workers { paths.append("listen.workers") }
        if admin.address != old.admin.address { paths.append("admin.address") }
        if store.url != old.store.url { paths.append("store.url") }
        return paths
    }

    /// This configuration with those members as they were.
    public func keepingWhatNeedsRestart(of old: GatewayConfiguration) -> GatewayConfiguration {
        var kept = self
        kept.listen.address = old.listen.address
        kept.listen.workers = old.listen.workers
        kept.admin.address = old.admin.address
        kept.store.url = old.store.url
        return kept
    }
}
