import Configuration
import Cryptography
import Storage
import Vocabulary

extension GatewayConfiguration {
    /// The store that the file names.
    ///
    /// - Throws: what is wrong with `store.url`.
    func storeTarget() throws(StoreFault) -> StoreTarget {
        try StoreTarget(url: store.url, password: store.password.map { String(decoding: $0.bytes, as: UTF8.self) })
    }

    /// What others at the same database are told of this process.
    var nodeDescription: NodeDescription {
        NodeDescription(
            name: HostName.current,
            address: "\(listen.tls == nil ? "http" : "https")://\(listen.address)",
            version: ProgramVersion.current,
            configurationDigest: digest
        )
    }

    /// Of what the file says that it was read from.
    var digest: Digest { origin?.source.digest ?? SHA256Hasher().finalize() }
}
