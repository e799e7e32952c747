import Testing

@testable import Storage

@Suite("CheckpointPacer")
struct CheckpointPacerTests {
    @Test(
        "learns how many operations fill the log, within bounds",
        arguments: [(128, 1_280, 100), (128, 12_800, 16), (128, 10, 4_096)]
    )
    func learns(_ operations: Int, _ frames: Int, _ expected: Int) {
        var pacer = CheckpointPacer()
        #expect(!pacer.isPending)
        pacer.noteCommit(operations: operations - 1)
        #expect(!pacer.isDue)
        pacer.noteCommit(operations: 1)
        #expect(pacer.isDue)
        pacer.noteCheckpoint(frames: frames)
        #expect(!pacer.isDue)
        #expect(!pacer.isPending)
        #expect(pacer.operationsMax == expected)
    }
}
