// The peer of bench/: govmomi's simulator behind TLS, as a standalone host or, with
// -clusterhosts, as a central server. It prints its URL when it answers and ends on
// SIGINT or SIGTERM.
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"log"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"github.com/vmware/govmomi/simulator"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address and port")
	vms := flag.Int("vms", 2, "virtual machines (of each pool)")
	hosts := flag.Int("clusterhosts", 0, "hosts of the cluster; 0: one standalone host")
	password := flag.String("password", "secret", "of root")
	flag.Parse()

	model := simulator.ESX()
	if *hosts > 0 {
		model = simulator.VPX()
		model.Host = 0
		model.ClusterHost = *hosts
	}
	model.Machine = *vms
	if err := model.Create(); err != nil {
		log.Fatal(err)
	}
	defer model.Remove()
	model.Service.Listen = &url.URL{Host: *listen, User: url.UserPassword("root", *password)}
	model.Service.TLS = new(tls.Config)
	server := model.Service.NewServer()
	defer server.Close()
	fmt.Printf("URL=https://%s/sdk\n", server.URL.Host)

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	<-stop
}
