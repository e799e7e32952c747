import EventLoops
import Reporting
import Vocabulary

/// A file that a reply sends piece by piece, read from a copy of the store. Confined to its loop; crosses threads only
/// inside a `LoopBound`.
final class AdminDownload {
    /// What follows a read.
    enum Piece {
        /// The next bytes; `isLast` when nothing follows, and the copy is given up.
        case bytes([UInt8], isLast: Bool)
        /// The rest cannot be read, or is not there: the client must not take what it has for all.
        case broken(StoreFault)
    }

    let byteCount: Int64
    let digest: Digest
    /// As `Content-Disposition` has it: visible ASCII without quotation marks.
    let fileName: String
    private let copy: any StoreCopy
    private let back: LoopReturn
    private var sentCount: Int64 = 0
    private var isReading = false

    init(_ copy: any StoreCopy, fileName: String, back: LoopReturn) {
        self.copy = copy
        self.fileName = fileName
        self.back = back
        byteCount = copy.byteCount
        digest = copy.digest
    }

    deinit { copy.close() }

    /// Reads the next piece; does nothing while one is read.
    ///
    /// - Parameter then: called once, in the loop.
    func next(_ then: @escaping (Piece) -> Void) {
        guard !isReading else { return }
        isReading = true
        copy.next(
            then: back.callback { [self] (result: Result<[UInt8], StoreFault>) in
                isReading = false
                then(piece(result))
            }
        )
    }

    func close() { copy.close() }

    private func piece(_ result: Result<[UInt8], StoreFault>) -> Piece {
        switch result {
        case .failure(let fault): return .broken(fault)
        case .success(let bytes):
            sentCount = sentCount.saturatingAdd(Int64(bytes.count))
            guard !bytes.isEmpty, sentCount <= byteCount else {
                return .broken(StoreFault(code: .corrupt, detail: "the copy has another length than when it was made"))
            }
            // Before the client can see the end, so that the next copy is not refused for the sake of this one.
            if sentCount == byteCount { copy.close() }
            return .bytes(bytes, isLast: sentCount == byteCount)
        }
    }
}
