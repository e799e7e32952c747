import Administration
import Gateway
import Storage

/// Brings what other nodes did to the rooms that it concerns. On the store's thread; nothing here blocks.
struct StoreEventDesk {
    private let rooms: SharedRooms
    private let registryChanged: @Sendable (Int64) -> Void

    init(rooms: SharedRooms, keeper: RegistryKeeper) {
        self.rooms = rooms
        registryChanged = keeper.hears
    }

    func note(_ event: StoreEvent) {
        switch event {
        case .registry(let number): registryChanged(number)
        case .purge(let target): rooms.note(purgeOf: target)
        case .classifier(let classifier, let epoch): rooms.note(epoch: epoch, of: classifier)
        case .upstreamKey(let id, let record): rooms.note(record, of: id)
        case .grantMade(let grant): rooms.add(grant)
        case .grantRemoved(let id, let team): rooms.removeGrant(id, of: team)
        case .modelForgotten(let model): rooms.forget(model: model)
        }
    }
}
