import FoundationEssentials
import Testing

/// What breaks under a job queue: workers, the server, the network between them, clocks, disks.
///
/// One after the other, because each measures times and some kill what others use.
@Suite("Faults of the job queue", .serialized)
enum QueueFaults {
    /// Whether this run is the long one of `Scripts/bench queue-faults`; the tests of a change run the short one.
    static let isLong = ProcessInfo.processInfo.environment["MUSTER_FAULTS"] == "long"

    /// How often a fault is repeated.
    static func rounds(short: Int, long: Int) -> Int { isLong ? long : short }

    /// What one fault may take in all.
    static var limit: TimeLimitTrait { .timeLimit(.minutes(isLong ? 30 : 3)) }
}

/// Why a fault could not be brought about, or what did not follow from it.
struct Trouble: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// A generator whose numbers follow from its seed, so that a run can be had again.
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
