/// The bounds of what may be ordered. Stated here once; the OpenAPI description and the error messages quote them.
package enum OrderLimits {
    package static let count: ClosedRange<Int64> = 1...1_000_000
    /// From 0.01 to 1,024 cores.
    package static let vcpu: ClosedRange<Double> = 0.01...1_024
    package static let memoryMiB: ClosedRange<Int64> = 4...16_777_216
    package static let diskGiB: ClosedRange<Int64> = 0...1_048_576
    package static let bandwidthMbps: ClosedRange<Int64> = 0...1_000_000
    /// Whole devices.
    package static let gpuCount: ClosedRange<Int64> = 1...64
    /// Thousandths of one device.
    package static let gpuShareMilli: ClosedRange<Int64> = 1...999
    /// 400 days.
    package static let windowSeconds: ClosedRange<Int64> = 1...34_560_000
    /// A window must end within 400 days of now.
    package static let horizonSeconds: Int64 = 34_560_000
    package static let leadSeconds: ClosedRange<Int64> = 0...3_600
    package static let graceSeconds: ClosedRange<Int64> = 0...3_600
    /// How long a hold waits for its customer: from a minute to as long as any window.
    package static let timeToLiveSeconds: ClosedRange<Int64> = 60...34_560_000
    package static let deadlineSeconds: ClosedRange<Int64> = 0...34_560_000
    /// How often a site may sell its vCPU, in steps of a thousandth.
    package static let oversell: ClosedRange<Double> = 0.1...16
    /// The most a host may keep for its system.
    package static let systemVcpu: ClosedRange<Double> = 0...1_024
    package static let systemMemoryMiB: ClosedRange<Int64> = 0...16_777_216
    /// The part of a site that may be protected for a class, in steps of a thousandth.
    package static let headroomShare: ClosedRange<Double> = 0.001...1
    /// The most that may be protected of a site.
    package static let headroomVCPU: ClosedRange<Double> = 0...100_000_000
    package static let headroomAmount: ClosedRange<Int64> = 0...1_000_000_000_000
    package static let headroomGPUs: ClosedRange<Int64> = 1...1_000_000
    /// Why a host or site is closed, or something is protected, in characters.
    package static let reasonCharacters: ClosedRange<Int> = 1...256
    /// Of all instances together.
    package static let totalVCPU: ClosedRange<Double> = 0.01...100_000_000
    /// Instances of another spec in place of one.
    package static let perInstance: ClosedRange<Int64> = 1...1_000
    package static let alternatives = 8
    package static let affinities = 8
    /// How many sites an order may ask to survive the loss of.
    package static let survivedSites: ClosedRange<Int64> = 1...1
    package static let selectors = 256
    package static let spreadRules = 16
    /// The most that a quota may allow of anything, and how many limits it may have.
    package static let quotaLimit: ClosedRange<Double> = 0...1e12
    package static let quotaLimits = 64
    package static let bodyBytes = 1_048_576
}
