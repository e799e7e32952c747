public import Caching
import EventLoops
import Observability
import UpstreamKeys
public import Vocabulary

/// What other nodes at the same store did, taken into account here once it is durable there. Any thread; never blocks.
extension SharedRooms {
    /// Results were purged: what was asked before is not kept, and what is asked from now on joins no flight from
    /// before.
    public func note(purgeOf target: PurgeTarget) { forget(target) {} }

    /// A saved classifier changes, or has changed: it has this epoch from now on, or a greater one.
    public func note(epoch: Int64, of classifier: ClassifierKey) {
        classifiers.note(epoch: epoch, of: classifier)
        drop(classifier)
    }

    /// An upstream key is in this state in the store; nil for active.
    public func note(_ record: UpstreamKeyRecord?, of id: UpstreamKeyID) {
        let now = Moment(steady: SystemClock.monotonic(), wall: SystemClock.wall())
        guard gate.note(record, of: id, at: now) else { return }
        guard let record else { return ProcessLog.info("upstream_key_active", ["key": id.rawValue]) }
        log(record)
    }
}
