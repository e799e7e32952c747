import Budgeting
import Configuration
import EventLoops
import Foundation
import Gateway
import Observability
import Registry
import Storage
import Vocabulary

/// The state that a start reads from the store: credits, teams and keys. Changes that follow from it are made durable.
struct StoreOpening {
    let store: Store
    let ledger: LedgerOpening
    let registry: Registry
    let rotations: RotationMemory
    /// Of the rows that the registry was made from.
    let stamp: Int64
    /// How often the rows are read until no other node changes them meanwhile.
    private static let readingsMax = 10

    /// Opens the store and reads it. Blocks.
    ///
    /// - Parameters:
    ///   - onLost: called on a thread of the store, once, when the process has lost its seat among the nodes: it may
    ///     end what it has begun, and nothing else.
    ///   - onFatal: called on a thread of the store when the disk failed to make a write durable; nothing may be
    ///     acknowledged from then on (`docs/faults.md` §6).
    /// - Throws: `StoreFault`; `SealerFault` when secrets in the store cannot be opened; `ConfigurationFaults` when the
    ///   file names something that neither it nor the store has.
    init(
        _ configuration: GatewayConfiguration,
        environment: [String: String],
        onLost: @escaping @Sendable (StoreFault) -> Void,
        onFatal: @escaping @Sendable (StoreFault) -> Void
    ) throws {
        let sealer = try SecretSealer(environment: environment)
        store = try Store.open(
            try configuration.storeTarget(),
            as: configuration.nodeDescription,
            migrates: configuration.store.migrates,
            onPlace: Self.report,
            onNews: Self.report,
            onLost: onLost,
            onFatal: onFatal
        )
        store.replace(
            retention: configuration.resultRetention,
            ofClassifiers: configuration.classifierRetention
        )
        store.replace(ledgerRetention: configuration.store.ledgerRetention)
        store.standing.replace(
            staleFor: configuration.store.staleFor,
            sinceBoot: SystemClock.sinceBoot(),
            now: SystemClock.monotonic()
        )
        ledger = try store.opening()
        if ledger.recoveredCount > 0 {
            // Left by a crash: it is unknown what the vendor charged for them.
            ProcessLog.warning("reservations_unconfirmed", ["count": String(ledger.recoveredCount)])
        }
        (registry, rotations, stamp) = try Self.read(configuration, sealer, store)
    }

    /// Makes the registry, and stores what follows from the file and the master key.
    private static func read(
        _ configuration: GatewayConfiguration,
        _ sealer: SecretSealer,
        _ store: Store
    ) throws -> (Registry, RotationMemory, stamp: Int64) {
        for attempt in 1... {
            let rows = try store.registry()
            let file = configuration.fileRegistry
            var registry = try Registry(file: file, rows: rows, sealer: sealer)
            try configuration.checkAccounts(against: registry.accounts)
            do {
                try sealAnew(&registry, store, rows.stamp)
                try take(registry.following(file), nil, &registry, store, rows.stamp)
            } catch let fault as StoreFault where fault.code == .overtaken && attempt < readingsMax {
                continue
            }
            return (registry, registry.memory(of: rows.receipts, at: SystemClock.wall()), rows.stamp)
        }
        preconditionFailure("attempts without an end")
    }

    /// Logs that the store's file was moved or deleted, or is back.
    @Sendable
    private static func report(_ fault: StoreFault?) {
        if let fault {
            ProcessLog.error("store_file_moved", ["detail": fault.detail])
        } else {
            ProcessLog.info("store_file_back")
        }
    }

    /// Logs what happens to the nodes of a database.
    @Sendable
    private static func report(_ news: NodeNews) {
        switch news {
        case .dead(let node): ProcessLog.warning("node_dead", facts(of: node))
        case .unconfirmed(let count, let node):
            ProcessLog.warning("reservations_unconfirmed", ["count": String(count), "node": String(node)])
        case .differs(let node): ProcessLog.warning("node_configuration_differs", facts(of: node))
        case .clockWrong(let lead): ProcessLog.error("clock_wrong", ["ahead_of_store": "\(lead)"])
        case .clockRight: ProcessLog.info("clock_right")
        case .schemaUnknown(let needed): ProcessLog.error("schema_unknown", ["needed": String(needed)])
        case .schemaKnown: ProcessLog.info("schema_known")
        }
    }

    private static func facts(of node: NodeRecord) -> [String: String] {
        ["node": String(node.number), "name": node.name, "address": node.address]
    }

    /// Reseals the secrets that are sealed under the previous master key.
    private static func sealAnew(_ registry: inout Registry, _ store: Store, _ stamp: Int64) throws {
        let writes = registry.resealing()
        let entry = AuditEntry(
            at: SystemClock.wall(),
            actor: "tollgate",
            role: "program",
            action: "master_key.change",
            target: "upstream_keys",
            address: "",
            before: nil,
            after: nil
        )
        try take(writes, entry, &registry, store, stamp)
        if !writes.isEmpty { ProcessLog.info("secrets_sealed_anew", ["count": String(writes.count)]) }
    }

    private static func take(
        _ writes: [RegistryWrite],
        _ audit: AuditEntry?,
        _ registry: inout Registry,
        _ store: Store,
        _ stamp: Int64
    ) throws {
        guard !writes.isEmpty else { return }
        try store.applyAndWait(writes, audit: audit, decidedAt: stamp)
        for write in writes { registry.apply(write) }
    }
}
