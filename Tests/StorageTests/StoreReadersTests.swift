import Dispatch
import Testing
import Vocabulary

@testable import Storage

@Suite("StoreReaders")
struct StoreReadersTests {
    @Test("listings that take long hold no look-up up, and are answered at last")
    func slowListing() throws {
        let store = try TemporaryStore().open()
        defer { store.close() }
        try store.saveAndWait(result(1)).get()
        let (begun, end) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        // More than there are readers of any kind.
        let listed = (0..<SQLiteEngine.lookUpReaders + 2).map { _ in Answer<Result<Void, StoreFault>>() }
        for answer in listed {
            store.list(
                { _ in
                    begun.signal()
                    end.wait()
                },
                then: { answer.give($0) }
            )
        }
        begun.wait()
        let found = DispatchSemaphore(value: 0)
        for _ in 0..<100 {
            store.find(key(1), pagesOf: nil) {
                if case .success(let finding) = $0, finding.result != nil { found.signal() }
            }
        }
        for _ in 0..<100 { #expect(found.wait(timeout: .now() + 600) == .success) }
        for _ in listed { end.signal() }
        for answer in listed { try answer.wait().get() }
    }
}
