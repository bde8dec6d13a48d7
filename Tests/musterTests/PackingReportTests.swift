import ArgumentParser
import CapacityAPI
import Placement
import Testing

@testable import muster

@Suite("muster fleet pack")
struct PackingReportTests {
    private static let nodes = """
        sn,cpu_milli,memory_mib,gpu,model
        big,8000,16384,2,G2
        small,4000,8192,0,
        spare,4000,8192,0,

        """
    private static let pods = """
        name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos
        half-1,1000,1024,1,500,,LS
        half-2,1000,1024,1,500,G2,LS
        whole,2500,1024,1,1000,,LS
        more,500,1024,1,300,,BE
        other,500,1024,1,300,T4,BE
        plain,4000,1024,0,0,,BE
        wide,9000,1024,0,0,,BE

        """

    private func report() throws -> PackingReport {
        let nodes = try PackingFile.nodes(reading: Self.nodes)
        let pods = try PackingFile.items(reading: Self.pods)
        let packing = pack(pods, on: nodes, budget: PackingBudget(attempts: 10_000))
        return PackingReport(items: pods, nodes: nodes, packing: packing)
    }

    @Test("says on how few machines the mix runs, how full they are, what has no place, and why")
    func text() throws {
        #expect(
            try report().text == """
                4 of 7 pods run on 2 of 3 nodes; fewer can never do

                GPUs  vCPU  memory MiB   nodes  pods  vCPU used  memory used  GPUs used
                2 G2     8       16384  1 of 1     3       56 %         18 %      100 %
                -        4        8192  1 of 2     1      100 %         12 %          -

                no place for  vCPU  memory MiB  GPUs  models  why
                           1   0.5        1024   0.3  any     the nodes are full: 300 thousandths of a GPU asked for, \
                at most 0 on one device
                           1   0.5        1024   0.3  T4      no node has T4
                           1     9        1024     0  any     even empty, 9 vCPU asked for, at most 8 on one node

                """
        )
    }

    @Test("as JSON it names each pod's node and devices, and the reason of each without a place")
    func json() throws {
        guard case .object(let fields) = try report().json, case .array(let placements)? = fields["placements"],
            case .array(let unplaced)? = fields["unplaced"]
        else {
            Issue.record("a report is an object with two lists")
            return
        }
        #expect(fields["nodesUsed"] == .integer(2) && fields["nodesAtLeast"] == .integer(2))
        #expect(fields["gpuMilliPlaced"] == .integer(2_000))
        #expect(placements.count == 4 && unplaced.count == 3)
        let bounds = unplaced.map { entry in
            if case .object(let fields) = entry { fields["bound"] } else { JSONValue?.none }
        }
        #expect(bounds == [.string("gpu"), .string("model"), .string("vcpu")])
    }

    @Test("a budget that is no duration, a file that is not there and two on standard input are refused")
    func refused() throws {
        for arguments in [["--nodes", "n", "--pods", "p", "--budget", "10s"], ["--nodes", "-", "--pods", "-"]] {
            #expect(throws: (any Error).self) { try Muster.parseAsRoot(["fleet", "pack"] + arguments) }
        }
        var command = try Muster.parseAsRoot(["fleet", "pack", "--nodes", "/no/such/file", "--pods", "p"])
        let failure = #expect(throws: Failure.self) { try command.run() }
        #expect(failure?.status == .invalid)
    }
}
